/** Words of what she may want. */
const en = {
  wishes: {
    again: 'Buy again',
    discover: 'You may like',
    times: 'bought {n} times',
    last: 'last on {date}',
    due: 'running out',
    because: 'goes with {name}',
    why: 'From what you bought. Not wanted? Switch it off under Me › Messages and privacy.',
  },
} as const

export default en
