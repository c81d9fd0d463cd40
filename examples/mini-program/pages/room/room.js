Page({
  data: {
    title: '',
    nick: '',
    connection: 'connecting',
    problem: '',
    members: [],
    push: '',
    camera: true,
    microphone: true,
    front: true,
    players: [],
  },

  room: null,
  publication: null,
  subscriptions: {},
  generation: 0,

  onLoad(query) {
    this.setData({ title: query.room, nick: query.account })
    wx.setKeepScreenOn({ keepScreenOn: true })
    return this.enter(query)
  },

  onUnload() {
    if (this.room) this.room.leave().catch(() => {})
  },

  async enter({ account, room: id }) {
    const client = getApp().clientOf(account)
    try {
      const room = await client.join(id, { role: 'talker', nick: account })
      this.room = room
      room.on('suspended', () => this.setData({ connection: 'reconnecting' }))
      room.on('resumed', () => this.setData({ connection: 'connected' }))
      room.on('left', ({ reason, error }) => this.out(reason, error))
      for (const name of ['member_joined', 'member_left', 'member_updated', 'resync']) room.on(name, () => this.showMembers())
      this.setData({ connection: 'connected' })
      this.showMembers()
      // Players can start before there is anything to see.
      room.subscribeAll((subscription) => this.play(subscription))
      await this.publish()
    } catch (error) {
      this.setData({ problem: error.message, connection: 'out' })
    }
  },

  // What one sends ------------------------------------------------------------

  async publish() {
    const { camera, microphone } = this.data
    const publication = await this.room.publish({ video: camera, audio: microphone })
    this.publication = publication
    publication.on('url', (url) => this.push(url))
    publication.on('problem', (error) => this.setData({ problem: error.message }))
    publication.on('ended', () => this.setData({ push: '' }))
    this.push(publication.url)
  },

  // A fresh component for an address, after the old one is gone.
  push(url) {
    this.setData({ push: '' }, () => this.setData({ push: url, problem: '' }))
  },

  // After -1307, which means that the component has given up, the SDK gets another address.
  onPusher({ detail }) {
    if (this.publication) this.publication.report(detail.code)
  },

  onPusherError({ detail }) {
    this.setData({ problem: `${detail.errCode} ${detail.errMsg}` })
  },

  async toggleCamera() {
    const camera = !this.data.camera
    this.setData({ camera })
    await this.publication.setVideo(camera)
  },

  async toggleMicrophone() {
    const microphone = !this.data.microphone
    this.setData({ microphone })
    await this.publication.setAudio(microphone)
  },

  turnCamera() {
    this.setData({ front: !this.data.front })
    wx.createLivePusherContext().switchCamera({})
  },

  // What one gets ---------------------------------------------------------------

  play(subscription) {
    const { stream } = subscription
    this.subscriptions[stream] = subscription
    subscription.on('url', () => this.showPlayers())
    subscription.on('ended', () => {
      delete this.subscriptions[stream]
      this.showPlayers()
    })
    this.showPlayers()
  },

  onPlayer({ currentTarget, detail }) {
    const subscription = this.subscriptions[currentTarget.dataset.stream]
    if (subscription) subscription.report(detail.code)
  },

  showPlayers() {
    const { streams, members } = this.room
    const players = Object.values(this.subscriptions).map(({ stream, url, urls }) => {
      const { owner } = streams.get(stream) || {}
      const member = members.get(owner)
      // With its address in its key, a component is another one when that changes.
      return { key: `${stream}-${urls.expires_at}`, stream, src: url, name: member ? member.nick || member.account : '' }
    })
    this.setData({ players })
  },

  showMembers() {
    this.setData({ members: this.room.state.members.map(({ id, account, nick, role }) => ({ id, role, name: nick || account })) })
    this.showPlayers()
  },

  // Out -----------------------------------------------------------------------------

  async leave() {
    await this.room.leave()
    if (getCurrentPages().length > 1) wx.navigateBack()
  },

  out(reason, error) {
    this.setData({ push: '', players: [], connection: 'out', problem: error ? error.message : reason === 'normal' ? '' : reason })
  },
})
