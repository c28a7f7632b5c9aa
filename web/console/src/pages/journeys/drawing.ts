import {
  Avatar, Connection, Guide, Lightning, Message, Position, Present, PriceTag, Share, SwitchButton, Timer, Trophy,
} from '@element-plus/icons-vue'
import type { Component } from 'vue'
import type { Messages } from './journey'
import type { Place } from './layout'

export interface Port { readonly key: string; readonly label: string }

/** What a node has seen: how many came by, are there now, and left the journey there before its end. */
export interface Seen { readonly entered: number; readonly share: number; readonly here: number; readonly lost: number; readonly told?: Messages }

/** A node as it is drawn, on the canvas and in the list. */
export interface Drawn {
  readonly key: string
  readonly kind: string
  readonly title: string
  readonly summary: string
  readonly ports: readonly Port[]
  readonly place: Place
  readonly wrong: readonly string[]
  readonly loose: boolean
  readonly seen?: Seen
}

export interface DrawnLink { readonly from: string; readonly port: string; readonly to: string; readonly label: string; readonly count?: number; readonly bends?: readonly Place[] }

export const icons: Record<string, Component> = {
  trigger: Lightning, wait: Timer, branch: Share, split: Guide, message: Message, reward: Present, tag: PriceTag, task: Avatar, webhook: Connection, journey: Position, exit: SwitchButton, goal: Trophy,
}
