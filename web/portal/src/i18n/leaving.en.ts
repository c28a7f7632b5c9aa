/** The page of an unsubscribe link. */
export default {
  leaving: {
    title: 'Offers and news',
    ask: 'No more offers from {brand} by {channel}?',
    hint: 'Only offers and news stop. Notices about your orders, points and account come as before.',
    leave: 'Unsubscribe',
    left: 'You will get no more offers by {channel}',
    leftHint: 'It holds from now on. If this was a mistake, you can undo it here.',
    back: 'Undo',
    never: 'You are not subscribed to offers by {channel}',
  },
}
