const { Client } = require('./lib/lianmai.js')
const config = require('./config.js')

App({
  client: null,

  // The connection of this account; one for all pages.
  clientOf(account) {
    if (this.client && this.client.account === account) return this.client
    if (this.client) this.client.close()
    this.client = new Client({ url: config.gateway, account, tokenProvider: () => config.fetchToken(account) })
    return this.client
  },
})
