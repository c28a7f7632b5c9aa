/** Words of what she may want. */
const zh = {
  wishes: {
    again: '再次购买',
    discover: '猜你喜欢',
    times: '买过 {n} 次',
    last: '上次 {date}',
    due: '该补货了',
    because: '常和{name}一起买',
    why: '根据您的购买记录推荐；不想要的话，可在「我的 › 消息与隐私」关闭。',
  },
} as const

export default zh
