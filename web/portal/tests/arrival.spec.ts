import { beforeEach, describe, expect, it } from 'vitest'
import { arrival, arrivalQuery, keepArrival, readArrival } from '@/stores/arrival'

beforeEach(() => window.sessionStorage.clear())

describe('how a visitor came', () => {
  it('reads the store, the source and who sent her', () => {
    expect(readArrival('?s=SH001&src=table-7&r=A1B2')).toEqual({ store: 'SH001', source: 'table-7', recruiter: 'A1B2' })
  })
  it('leaves out what is no code', () => {
    expect(readArrival('?s=<script>&src=a%20b')).toEqual({ store: '', source: '', recruiter: '' })
  })
  it('keeps it over pages, and a plain visit does not wipe it', () => {
    keepArrival('?s=SH001')
    keepArrival('')
    expect(arrival().store).toBe('SH001')
    expect(arrivalQuery()).toBe('?s=SH001')
  })
})
