import { common } from './common'
import { frame } from './frame'

export const catalogue = { ...common, ...frame } as const
