// What to change for your own gateway.
module.exports = {
  // Address of the gateway. On a phone: https://, a registered domain, port 443 (see README.md).
  gateway: 'http://127.0.0.1:8080',

  // A signed token for this account. Yours comes from your own server, which knows who is logged in; this one is given to
  // anybody by a gateway on its development configuration.
  fetchToken(account) {
    return new Promise((done, failed) => {
      wx.request({
        url: `${module.exports.gateway}/console/session?account=${encodeURIComponent(account)}`,
        success: ({ statusCode, data }) => (statusCode === 200 ? done(data.token) : failed(new Error(`no token: ${statusCode}`))),
        fail: ({ errMsg }) => failed(new Error(errMsg)),
      })
    })
  },
}
