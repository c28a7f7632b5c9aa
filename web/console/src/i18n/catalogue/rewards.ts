export const rewardWords = {
  rewardsEditor: {
    label: ['奖励', 'Rewards'],
    kind: ['奖励类型', 'Kind of reward'],
    kinds: {
      points: ['积分', 'Points'],
      coupon: ['优惠券', 'Coupon'],
      benefit: ['权益', 'Benefit'],
      tag: ['标签', 'Tag'],
      badge: ['徽章', 'Badge'],
      draw_chance: ['抽奖机会', 'Draw chance'],
      mission: ['任务', 'Mission'],
    },
    amount: ['数额', 'Amount'],
    unit: ['单位', 'Unit'],
    count: ['数量', 'How many'],
    pieces: ['份', 'pcs'],
    uses: ['次', 'uses'],
    choose: ['请选择', 'Choose'],
    typeKey: ['输入编码', 'Type its key'],
    add: ['添加奖励', 'Add a reward'],
    none: ['没有奖励', 'No rewards'],
  },
} as const
