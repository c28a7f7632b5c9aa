import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { missing } from '@/components/missing'

describe('what a form lacks', () => {
  it('is named by field: no words, no choice, no number', () => {
    const given = { code: ' ', name: { zh: '', en: '  ' }, topics: [], amount: undefined, store: null, agreed: false }
    expect(missing(given, 'Required')).toEqual(Object.fromEntries(Object.keys(given).map((field) => [field, 'Required'])))
  })

  it('is nothing where all is given, in one language too, and nought is a number', () => {
    expect(missing({ code: 'a', name: { zh: '', en: 'Tea' }, topics: ['*'], amount: 0, agreed: true }, 'Required')).toEqual({})
  })
})

/** These dialogs say what is missing when one tries to save; a button that cannot be pressed says nothing. */
const TELLING = [
  'settings/StaffPage', 'settings/ApiKeysPage', 'settings/RolesPage', 'settings/StoresPage', 'settings/FieldsPage', 'settings/ActivityTypesPage',
  'settings/WebhooksPage', 'members/TagsPage', 'members/TierDialog', 'members/IdentityDialog', 'members/ConsentsTab', 'messages/SuppressionList',
  'messages/ProgrammeHoldout', 'members/AdjustDialog', 'members/HoldDialog', 'channels/ChannelsPage', 'plans/AccountsPage', 'prepaid/GiftCardsPage', 'coupons/BudgetsPage', 'journeys/NewJourney', 'journeys/StartMember',
]

describe('dialogs that save', () => {
  const pages = new URL('../src/pages', import.meta.url).pathname
  it.each(TELLING)('%s leaves its button to be pressed', (page) => {
    const source = readFileSync(join(pages, `${page}.vue`), 'utf8')
    const buttons = source.match(/<el-button[^>]*type="primary"[^>]*>/g) ?? []
    expect(buttons.filter((one) => /:disabled="[^"]*(trim\(\)|form\.|!ready|!member)/.test(one))).toEqual([])
    expect(source).toMatch(/misses\(|lacks\(/)
  })
})
