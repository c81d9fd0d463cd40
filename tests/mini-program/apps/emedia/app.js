// As the vendor's demo has it: the script is put where pages look for it.
wx.emedia = require('./lib/emedia.js')

App({})
