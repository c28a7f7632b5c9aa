import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowRef, watch } from 'vue'
import type { components } from '@/api/schema'
import { newNumber, remember, type Goods, type Line } from '@/pages/till/cart'
import { useChoices } from './choices'
import { useSession } from './session'

export type Member = components['schemas']['MemberOut']
export type Amount = 'none' | 'max' | number

export interface Wish {
  coupons: 'best' | string[]
  codes: string[]
  points: Amount
  stored: Amount
  gift: Amount
  without: string[]
}

const noWish = (): Wish => ({ coupons: 'best', codes: [], points: 'none', stored: 'none', gift: 'none', without: [] })

function read<T>(storage: Storage, name: string, fallback: T): T {
  try {
    return (JSON.parse(storage.getItem(name) ?? '') as T) ?? fallback
  } catch {
    return fallback
  }
}

/** What stands on the till: its store, the member, the cart, what she wishes. The cart outlives a reload of the page. */
export const useTill = defineStore('till', () => {
  const session = useSession()
  const choices = useChoices()
  const store = ref('')
  const member = shallowRef<Member>()
  const lines = ref<Line[]>([])
  const wish = reactive<Wish>(noWish())
  const number = ref('')
  const recents = ref<Goods[]>([])
  let counter = 0

  const place = (what: string) => `regulars.till.${what}.${session.slug}`
  const stores = computed(() => {
    const mine = session.brand?.stores
    return choices.stores.filter((one) => !mine || mine.includes(one.value))
  })
  const storeName = computed(() => choices.stores.find((one) => one.value === store.value)?.label ?? store.value)

  /** Takes up what was left at this till: its store (in this browser), the goods used, the cart (in this tab). */
  function open(): void {
    store.value = localStorage.getItem(place('store')) ?? ''
    recents.value = read<Goods[]>(localStorage, place('goods'), [])
    lines.value = read<Line[]>(sessionStorage, place('cart'), []).map((line) => ({ ...line, id: (counter += 1) }))
    member.value = undefined
    Object.assign(wish, noWish())
    number.value = ''
  }
  watch(lines, (now) => sessionStorage.setItem(place('cart'), JSON.stringify(now)), { deep: true })
  // The only store she may stand in needs no choosing; one that she may no longer stand in is forgotten.
  watch(stores, (now) => {
    if (now.length === 0) return
    if (!now.some((one) => one.value === store.value)) store.value = now.length === 1 ? now[0]!.value : ''
  })

  function choose(code: string): void {
    store.value = code
    localStorage.setItem(place('store'), code)
  }

  function add(goods: Goods, quantity: string): void {
    const same = lines.value.find((line) => line.sku === goods.sku && line.price === goods.price)
    if (same) same.quantity = String(Number((Number(same.quantity) + Number(quantity)).toFixed(6)))
    else lines.value.push({ id: (counter += 1), ...goods, quantity })
    keep(goods)
  }
  function keep(goods: Goods): void {
    recents.value = remember(recents.value, goods)
    localStorage.setItem(place('goods'), JSON.stringify(recents.value))
  }
  function forget(sku: string): void {
    recents.value = recents.value.filter((one) => one.sku !== sku)
    localStorage.setItem(place('goods'), JSON.stringify(recents.value))
  }
  function drop(id: number): void {
    lines.value = lines.value.filter((line) => line.id !== id)
  }

  /** Puts a cart on the till as it was sold, for a checkout that was reopened: its goods, its member, what she wished. */
  function put(cart: (Goods & { quantity: string })[], as: string, whose?: Member, wished?: Wish): void {
    lines.value = cart.map((line) => ({ id: (counter += 1), ...line }))
    number.value = as
    member.value = whose
    Object.assign(wish, noWish(), whose ? wished : {})
  }
  function setMember(next: Member | undefined): void {
    // Codes that were shown before she was found are hers; what another member wished is not.
    if (next?.code !== member.value?.code) Object.assign(wish, noWish(), member.value ? {} : { codes: wish.codes })
    member.value = next
  }
  function clear(): void {
    lines.value = []
    member.value = undefined
    number.value = ''
    Object.assign(wish, noWish())
  }
  /** The order's number: given once to a cart, so that trying again is the same order. */
  function takeNumber(): string {
    number.value ||= newNumber(store.value)
    return number.value
  }

  return { store, stores, storeName, member, lines, wish, number, recents, open, choose, add, keep, forget, drop, put, setMember, clear, takeNumber }
})
