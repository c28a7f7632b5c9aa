/** 消息与隐私：哪些渠道可以给她发优惠，随时可改。 */
export default {
  choices: {
    title: '消息与隐私',
    lead: '您可以选择通过哪些渠道接收优惠与活动消息，随时开启或关闭，立即生效；订单、到期等服务通知不受影响。',
    since: '{day} 起',
    off: '已关闭',
    never: '未开启',
    saved: '已保存',
    read: '全文',
    join: '我愿意接收优惠与活动消息（可不选，随时可取消）',
    terms: '会员协议与隐私',
    profiling: '个性化画像',
    profilingOn: '已开启：推荐与优惠更合您的口味',
    profilingOff: '已关闭：不再为您评分和推荐',
    profilingHint: '关闭后，已有的评分与推荐立即清除；积分、等级和权益不受影响。',
  },
}
