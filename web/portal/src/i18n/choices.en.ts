/** Messages and privacy: by which channels offers may reach her; hers to change at any time. */
export default {
  choices: {
    title: 'Messages and privacy',
    lead: 'Choose by which channels offers and news may reach you. You can switch each on or off at any time, and it holds at once; notices about orders and expiry come as before.',
    since: 'Since {day}',
    off: 'Switched off',
    never: 'Not switched on',
    saved: 'Saved',
    read: 'Full text',
    join: 'Offers and news may reach me (optional, and easily switched off)',
    terms: 'Terms and privacy',
    profiling: 'Learn from what I do',
    profilingOn: 'On: recommendations and offers fit what you like',
    profilingOff: 'Off: no scores, no recommendations about you',
    profilingHint: 'Switched off, what was learned about you is forgotten at once. Your points, tier and benefits stay as they are.',
  },
}
