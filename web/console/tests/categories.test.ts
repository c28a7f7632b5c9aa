import { describe, expect, it } from 'vitest'
import { pasted } from '@/pages/categories/pasted'

describe('names pasted from a spreadsheet', () => {
  it('takes three columns apart by tabs, as Excel copies them', () => {
    expect(pasted('040102\t牛奶\tMilk\r\nBREAD/BUNS\t面包\t\n\n')).toEqual([
      { code: '040102', name: { zh: '牛奶', en: 'Milk' } },
      { code: 'BREAD/BUNS', name: { zh: '面包', en: '' } },
    ])
  })
  it('takes a CSV file apart, with commas and quotes inside of quotes', () => {
    expect(pasted('0403,"茶, 散装","Tea, ""loose"""\n0404，咖啡，Coffee')).toEqual([
      { code: '0403', name: { zh: '茶, 散装', en: 'Tea, "loose"' } },
      { code: '0404', name: { zh: '咖啡', en: 'Coffee' } },
    ])
  })
  it('keeps commas where tabs part the cells', () => {
    expect(pasted('0405\t油, 盐\tOil, salt')).toEqual([{ code: '0405', name: { zh: '油, 盐', en: 'Oil, salt' } }])
  })
  it('leaves what is missing empty, so that the server says what is wrong with the line', () => {
    expect(pasted('0406')).toEqual([{ code: '0406', name: { zh: '', en: '' } }])
    expect(pasted('\t茶\tTea')).toEqual([{ code: '', name: { zh: '茶', en: 'Tea' } }])
  })
})
