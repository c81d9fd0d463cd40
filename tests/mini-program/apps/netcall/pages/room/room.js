// A page as apps of the vendor's demo look: URLs come with syncDone, and components stop and start with the connection.
const config = require('../../config.js')
const Netcall = require('../../lib/netcall.js')

Page({
  data: { pushUrl: '', users: [], joined: null, syncs: 0, events: [], calling: null, failed: null },

  async onLoad({ account, flavour = 'nim', channel }) {
    Netcall.setHost(config.gateway)
    const who = flavour === 'nim' ? { nim: { options: { account } } } : { appkey: 'key' }
    const netcall = Netcall.getInstance({ ...who, debug: true, tokenProvider: config.fetchToken })
    this.netcall = netcall
    this.account = account
    this.nrtc = flavour !== 'nim'
    netcall.on('syncDone', ({ userlist }) => this.onSync(userlist))
    netcall.on('clientJoin', (user) => this.setData({ users: [...this.data.users.filter(({ uid }) => uid !== user.uid), user] }))
    netcall.on('clientLeave', ({ uid }) => this.setData({ users: this.data.users.filter((user) => user.uid !== uid) }))
    netcall.on('clientUpdate', ({ uid, mode }) => this.setData({ users: this.data.users.map((user) => (user.uid === uid ? { ...user, mode } : user)) }))
    netcall.on('beCalling', (call) => this.setData({ calling: call }))
    for (const name of ['callAccepted', 'callRejected', 'hangup', 'control', 'callerAckSync', 'willreconnect', 'disconnect', 'kicked', 'liveRoomClose', 'joinChannel']) {
      netcall.on(name, (payload) => this.setData({ events: [...this.data.events, { name, payload: payload === undefined ? null : payload }] }))
    }
    netcall.on('hangup', () => this.stop())
    if (channel) await this.join(channel)
  },

  async join(channelName) {
    try {
      const joined = await this.netcall.joinChannel({ channelName, mode: 0, role: 0, scene: 1, ...(this.nrtc ? { accid: this.account } : {}) })
      this.uid = Number(joined.uid)
      this.setData({ joined })
    } catch (error) {
      this.setData({ failed: error })
    }
  },

  onSync(userlist) {
    const self = userlist.find(({ uid }) => uid === this.uid) || userlist.find(({ account }) => account === this.account)
    const users = userlist.filter((user) => user !== self)
    this.setData({ pushUrl: self.url, users, syncs: this.data.syncs + 1 }, () => this.start())
  },

  start() {
    wx.createLivePusherContext('pusher').start({})
  },

  stop() {
    wx.createLivePusherContext('pusher').stop({})
    this.setData({ pushUrl: '', users: [] })
  },

  // The component gave up: stop, and start with the same URL.
  onPusher({ detail }) {
    if (detail.code !== -1307) return
    wx.createLivePusherContext('pusher').stop({})
    setTimeout(() => this.start(), 100)
  },

  // As the vendor's demo has it: the mode is told, and the components stop and start with the URLs they have.
  async switchMode(mode) {
    await this.netcall.switchMode(mode)
    wx.createLivePusherContext('pusher').stop({})
    setTimeout(() => this.start(), 100)
  },

  async call(callee) {
    try {
      await this.netcall.call({ type: 2, callee })
      return null
    } catch (error) {
      return error.code || String(error)
    }
  },

  async answer(accepted) {
    const { caller, type, cid } = this.data.calling
    await this.netcall.response({ caller, accepted, type, cid })
    if (accepted) await this.startRtc()
  },

  async startRtc() {
    const { uid } = await this.netcall.startRtc({ mode: 0 })
    this.uid = uid
  },

  control(command) {
    return this.netcall.control({ command })
  },

  hangup() {
    this.stop()
    return this.netcall.hangup()
  },

  async leave() {
    this.stop()
    await this.netcall.leaveChannel()
  },
})
