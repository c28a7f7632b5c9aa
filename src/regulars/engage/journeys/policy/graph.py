"""Whether a definition can be walked: it has a beginning, everything is reached, no circle turns without waiting."""

from __future__ import annotations

from collections.abc import Mapping

from regulars.engage.journeys.types import Definition
from regulars.kit.errors import ErrorList

MOST_TRIGGERS = 5


def check(definition: Definition, places: Mapping[str, str], errors: ErrorList) -> None:
    """Add what is wrong with the whole; `places` are the paths of the nodes."""
    triggers = definition.triggers
    if not triggers:
        say_no_trigger(errors)
    if len(triggers) > MOST_TRIGGERS:
        errors.add("nodes", "too_many", f"最多 {MOST_TRIGGERS} 个触发", f"At most {MOST_TRIGGERS} triggers")
    goals = [node.id for node in definition.nodes.values() if node.kind == "goal"]
    for extra in goals[1:]:
        errors.add(f"{places[extra]}.kind", "one_goal", "一个旅程只有一个目标", "A journey has one goal")
    for node in triggers:
        if (node.id, "next") not in definition.edges:
            errors.add(places[node.id], "leads_nowhere", "触发后没有下一步", "Nothing follows this trigger")
    reached = reachable(definition)
    for node in definition.nodes.values():
        if node.id not in reached and node.kind != "goal":
            errors.add(places[node.id], "unreachable", "没有路径到达此节点", "No way leads to this node")
    for id_ in _turning(definition):
        errors.add(
            places[id_],
            "endless",
            "循环路径中至少要有一个等待（一段时间或到某时刻）",
            "A circle needs a wait in it: for a time or until a time of day",
        )


def say_no_trigger(errors: ErrorList) -> None:
    errors.add("nodes", "no_trigger", "旅程需要一个触发节点", "A journey needs a trigger")


def reachable(definition: Definition) -> set[str]:
    found: set[str] = set()
    waiting = [node.id for node in definition.triggers]
    while waiting:
        id_ = waiting.pop()
        if id_ not in found:
            found.add(id_)
            waiting += followers(definition, id_)
    return found


def followers(definition: Definition, id_: str) -> list[str]:
    return [
        definition.edges[id_, port] for port in definition.nodes[id_].ports if (id_, port) in definition.edges
    ]


def _turning(definition: Definition) -> list[str]:
    """Nodes on a circle without a wait that always takes time. A wait for an activity may pass at once."""

    def holds(id_: str) -> bool:
        wait = definition.nodes[id_].wait
        return wait is not None and wait.mode != "activity"

    state: dict[str, int] = {}
    turning: list[str] = []
    for root in definition.nodes:
        if root in state or holds(root):
            continue
        state[root] = 1
        stack = [(root, iter(followers(definition, root)))]
        while stack:
            id_, rest = stack[-1]
            step = next((to for to in rest if not holds(to) and state.get(to) != 2), None)
            if step is None:
                state[id_] = 2
                stack.pop()
            elif state.get(step) == 1:
                if step not in turning:
                    turning.append(step)
            else:
                state[step] = 1
                stack.append((step, iter(followers(definition, step))))
    return turning
