// Where the gateway is (set by the test), and a token of its demo app for anybody: as the example has it.
module.exports = require('../../../../examples/mini-program/config.js')
