"""A quicker way through texts that only put values in, with defaults, filters and simple conditions. Pure.

Most texts are such. What is made of one says exactly what Liquid says, or raises: whoever calls it lets Liquid fill the
text then, which does so or names what is wrong. Loops, assignments and comparisons are Liquid's from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from liquid import BoundTemplate, Markup, escape
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path
from liquid.builtin.expressions.arguments import PositionalArgument
from liquid.builtin.expressions.primitive import IntegerLiteral, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.if_tag import IfNode

Values = Mapping[str, Any]
Read = Callable[[Values], Any]
Say = Callable[[Values], str]
_MISSING: Any = object()
_LIQUIDS_OWN = frozenset({"now", "today"})  # names that mean something where nobody gave them
_EASY = (str, Markup)


class NotPlain(Exception):
    """Liquid has to say."""


def plan(template: BoundTemplate, *, filters: Mapping[str, Any], group: type, is_html: bool) -> Say | None:
    """What fills a text from values that are plain data, groups of them being `group`; None where that is Liquid's."""
    try:
        return _Planner(filters, group, is_html).block(template.nodes)
    except NotPlain:
        return None


class _Planner:
    def __init__(self, filters: Mapping[str, Any], group: type, is_html: bool) -> None:
        self._filters = filters
        self._group = group
        self._is_html = is_html

    def block(self, nodes: Sequence[Node]) -> Say:
        pieces = [self._node(node) for node in nodes]
        return lambda values: "".join([piece(values) for piece in pieces])

    def _node(self, node: Node) -> Say:
        if type(node) is ContentNode:
            text = _lines(node.text)
            return lambda values: text
        if type(node) is OutputNode:
            return self._output(self._expression(node.expression))
        if type(node) is IfNode:
            return self._if(node)
        raise NotPlain

    def _output(self, read: Read) -> Say:
        is_html = self._is_html

        def say(values: Values) -> str:
            value = read(values)
            kind = type(value)
            if kind is int:
                return str(value)
            if kind not in _EASY:
                raise NotPlain
            return _lines(str(escape(value)) if is_html else value)

        return say

    def _if(self, node: IfNode) -> Say:
        condition = node.condition
        if node.blank or node.alternatives or type(condition) is not BooleanExpression:
            raise NotPlain
        if type(condition.expression) is not Path:
            raise NotPlain
        read, then, other = self._path(condition.expression), self._block(node.consequence), node.default
        otherwise = self._block(other) if other else lambda values: ""

        def say(values: Values) -> str:
            value = read(values)
            return otherwise(values) if value is _MISSING or value is False else then(values)

        return say

    def _block(self, block: BlockNode) -> Say:
        if type(block) is not BlockNode:
            raise NotPlain
        return self.block(block.nodes)

    def _expression(self, expression: Any) -> Read:
        if type(expression) is not FilteredExpression:
            raise NotPlain
        read = self._primitive(expression.left)
        for one in expression.filters or ():
            if any(type(argument) is not PositionalArgument for argument in one.args):
                raise NotPlain
            arguments = [self._primitive(argument.value) for argument in one.args]
            if one.name == "default":
                if len(arguments) != 1:
                    raise NotPlain
                read = _with_default(read, arguments[0])
            elif one.name in self._filters:
                read = _filtered(read, self._filters[one.name], arguments)
            else:
                raise NotPlain
        return read

    def _primitive(self, expression: Any) -> Read:
        if type(expression) is Path:
            return self._path(expression)
        if type(expression) is StringLiteral:
            said = Markup(expression.value) if self._is_html else expression.value
            return lambda values: said
        if type(expression) is IntegerLiteral and type(expression.value) is int:
            number = expression.value
            return lambda values: number
        raise NotPlain

    def _path(self, path: Path) -> Read:
        names = [name for name in path.path if type(name) is str and name != "size"]
        if len(names) != len(path.path):
            raise NotPlain
        root, *parts = names
        if root in _LIQUIDS_OWN:
            raise NotPlain
        group = self._group

        def read(values: Values) -> Any:
            found: Any = values.get(root, _MISSING)
            for part in parts:
                if found is _MISSING:
                    return found
                kind: type = type(found)
                if kind is not group:
                    raise NotPlain
                found = found.get(part, _MISSING)
            return found

        return read


def _lines(text: str) -> str:
    """Liquid writes each piece with line feeds alone."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _with_default(read: Read, other: Read) -> Read:
    def given(values: Values) -> Any:
        value = read(values)
        if value is _MISSING:
            return other(values)
        kind = type(value)
        if kind in _EASY:
            return value or other(values)
        if kind is not int:
            raise NotPlain
        return value

    return given


def _filtered(read: Read, filter_: Callable[..., Any], arguments: Sequence[Read]) -> Read:
    def made(values: Values) -> Any:
        value = read(values)
        given = [argument(values) for argument in arguments]
        if value is _MISSING or any(one is _MISSING for one in given):
            raise NotPlain
        return filter_(value, *given)

    return made
