/** Methods of the objects that show pictures and whiteboards, by object. */

export const METHODS = {
  VideoObj: 'id height width left top show hide handler setVideo clear isPicEmpty setNickNameStyle setNickNameContent setVisibleNickName getVisibleNickName dblClickFullScreen savePic savePicToBase64 getVideoID destroy',
  ScreenShareObj: 'setVideo setMark',
  MediaObj: 'setVideo',
  BoardUIObj: 'handler setCurBoardPage isScaledContents setTitleStyle setBoardStyle setPen undo redo clear importImg getCanvasElement',
} satisfies Record<string, string>;
