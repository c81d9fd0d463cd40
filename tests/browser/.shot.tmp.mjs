import { launch } from './browser.mjs';
const [url,out,w,h,dark,click]=process.argv.slice(2);
const b=await launch();const p=await b.newPage({viewport:{width:+w,height:+h},colorScheme:dark==='dark'?'dark':'light'});
await p.goto(url);await p.waitForTimeout(3500);
if(click) for (const c of click.split('|')) await p.locator(c).first().click();
await p.waitForTimeout(600);await p.screenshot({path:out});await b.close();
