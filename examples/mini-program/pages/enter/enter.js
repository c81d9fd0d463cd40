const LETTERS = /[^A-Za-z0-9_.-]/g

Page({
  data: { account: '', room: 'standup', problem: '', busy: false },

  onLoad(query) {
    this.setData({ account: query.account || `guest-${Math.floor(Math.random() * 1e6)}`, room: query.room || 'standup' })
  },

  onInput({ currentTarget, detail }) {
    this.setData({ [currentTarget.dataset.field]: detail.value.replace(LETTERS, '') })
  },

  enter() {
    const { account, room } = this.data
    wx.navigateTo({ url: `/pages/room/room?account=${account}&room=${room}` })
  },

  async create() {
    const { account, room } = this.data
    this.setData({ busy: true, problem: '' })
    try {
      // Whoever is named as creator becomes its admin.
      await getApp().clientOf(account).createRoom({ id: room, creator: account })
      this.enter()
    } catch (error) {
      this.setData({ problem: error.code === 'room_exists' ? 'There is such a room: enter it.' : error.message })
    } finally {
      this.setData({ busy: false })
    }
  },
})
