/** 退订链接打开的页面。 */
export default {
  leaving: {
    title: '优惠与活动消息',
    ask: '不再接收{brand}通过{channel}发送的优惠？',
    hint: '只停止优惠与活动消息；订单、积分与账户通知照常发送。',
    leave: '退订',
    left: '已退订，不会再通过{channel}收到优惠消息',
    leftHint: '立即生效。如果是误点，可以在这里恢复。',
    back: '恢复接收',
    never: '您没有订阅通过{channel}发送的优惠消息',
  },
}
