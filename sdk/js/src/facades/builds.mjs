// What tools/build.mjs builds of the facades: scripts that take the place of the vendors' own.
export default [
  {
    entry: 'src/facades/emedia/mini-program.ts',
    out: 'dist/mini-program/emedia_for_miniProgram.js',
    kind: 'mini_program',
  },
  { entry: 'src/facades/emedia/browser.ts', out: 'dist/facades/emedia.js', kind: 'umd', global: 'emedia' },
  {
    entry: 'src/facades/netcall/mini-program.ts',
    out: 'dist/mini-program/NIM_Web_Netcall_weixin.js',
    kind: 'mini_program',
  },
  { entry: 'src/facades/crvideo/browser.ts', out: 'dist/crvideo.js', kind: 'umd', global: 'CRVideo' },
  { entry: 'src/facades/callkit/browser.ts', out: 'dist/callkit.js', kind: 'umd', global: 'NERTCCalling' },
];
