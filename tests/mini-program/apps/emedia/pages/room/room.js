// A page as apps of the vendor's demo look: callbacks of the manager, URLs from raw answers, components started by hand.
const config = require('../../config.js')

const KEY = 'org#app'
const PUSHER = 'pusher'

Page({
  data: { pubUrl: '', camera: true, members: [], players: [], roles: [], attributes: [], exit: null, joined: null, reconnects: 0 },

  async onLoad({ account, room, password = '' }) {
    const { mgr } = wx.emedia
    mgr.setHost(config.gateway)
    wx.WebIM = { conn: { context: { jid: `${KEY}_${account}@easemob.com/phone`, accessToken: await config.fetchToken(account) } } }
    this.account = account
    mgr.onMemberJoined = (member) => this.onMember(member)
    mgr.onMemberExited = ({ id }) => this.setData({ members: this.data.members.filter((member) => member.id !== id) })
    mgr.onStreamAdded = (stream) => this.onStream(stream)
    mgr.onStreamRemoved = ({ id }) => this.setData({ players: this.data.players.filter((player) => player.id !== id) })
    mgr.onMediaChanaged = ({ id }, { voff, aoff }) =>
      this.setData({ players: this.data.players.map((player) => (player.id === id ? { ...player, voff, aoff } : player)) })
    mgr.onRoleChanged = (role) => this.setData({ roles: [...this.data.roles, role] })
    mgr.onConfrAttrsUpdated = (attributes) => this.setData({ attributes })
    mgr.onConferenceExit = (reason, failed) => this.setData({ exit: { reason, failed: failed === undefined ? null : failed }, players: [], pubUrl: '' })
    mgr.onReconnect = () => this.setData({ players: [], reconnects: this.data.reconnects + 1 })
    // A line of the vendor's demo.
    mgr.onStreamControl.onSoundChanage = () => {}
    const joining = mgr.joinRoom({ roomName: room, password, role: 3, config: { rec: false, nickName: account } })
    // The demo asks for a URL before it is inside; that fails, and nobody minds.
    this.publish()
    const joined = await joining
    this.confrId = joined && joined.confrId
    this.setData({ joined })
  },

  onUnload() {
    if (this.confrId) wx.emedia.mgr.exitConference(this.confrId)
  },

  publish() {
    wx.emedia.mgr.pubStream(wx.emedia.util.getRtcId()).then(
      ({ data }) => {
        if (data.rtmp) this.setData({ pubUrl: data.rtmp }, () => this.start())
      },
      () => {},
    )
  },

  onMember(member) {
    this.setData({ members: [...this.data.members.filter(({ id }) => id !== member.id), { id: member.id, name: member.memName, role: member.role }] })
    if (member.name === `${KEY}_${this.account}@easemob.com`) this.publish()
  },

  onStream(stream) {
    const name = stream.memName.split('_')[1].split('@')[0]
    wx.emedia.mgr.subStream(stream.id).then(({ data }) => {
      const { id, voff, aoff } = stream
      this.setData({ players: [...this.data.players.filter((player) => player.id !== id), { id, name, voff, aoff, url: data.rtmp }] })
    })
  },

  start() {
    wx.createLivePusherContext(PUSHER).start({})
  },

  onPusher({ detail }) {
    if (detail.code === -1307) this.start()
  },

  toggleCamera() {
    this.setData({ camera: !this.data.camera }, () => this.start())
  },

  // For the test: a method of the manager with the conference's id before its arguments.
  async manage(method, ...args) {
    const { data } = await wx.emedia.mgr[method](this.confrId, ...args)
    return data
  },

  attribute(key, val) {
    return new Promise((success, error) => wx.emedia.mgr.setConferenceAttrs({ key, val, confrId: this.confrId, success, error }))
  },

  leave() {
    wx.emedia.mgr.exitConference(this.confrId)
  },
})
