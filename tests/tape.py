"""Reverse-mode automatic differentiation in float64, small enough to be read: what gradients are compared with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


class Node:
    """A value and how its gradient reaches what it was made from.

    Gradients have the shape of their values; `pull` of a parent takes the gradient of this node.
    """

    def __init__(self, value, parents: tuple[tuple[Node, Callable[[np.ndarray], np.ndarray]], ...] = ()) -> None:
        self.value = np.asarray(value, float)
        self.parents = parents
        self.gradient = np.zeros_like(self.value)

    def __add__(self, other: Node | float) -> Node:
        other = as_node(other)
        return Node(
            self.value + other.value, ((self, lambda g: fold(g, self.value)), (other, lambda g: fold(g, other.value)))
        )

    def __mul__(self, other: Node | np.ndarray | float) -> Node:
        other = as_node(other)
        return Node(
            self.value * other.value,
            ((self, lambda g: fold(g * other.value, self.value)), (other, lambda g: fold(g * self.value, other.value))),
        )

    __radd__, __rmul__ = __add__, __mul__


def as_node(value) -> Node:
    return value if isinstance(value, Node) else Node(value)


def fold(gradient: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Sum a gradient over the axes along which a value was repeated."""
    gradient = np.asarray(gradient)
    while gradient.ndim > like.ndim:
        gradient = gradient.sum(axis=0)
    for axis, size in enumerate(like.shape):
        if size == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


def transposed_product(weight: Node, x: Node) -> Node:
    """Return ``weight.T @ x``."""
    return Node(weight.value.T @ x.value, ((weight, lambda g: x.value @ g.T), (x, lambda g: weight.value @ g)))


def part(node: Node, where) -> Node:
    """Return ``node[where]``."""

    def pull(gradient: np.ndarray) -> np.ndarray:
        whole = np.zeros_like(node.value)
        whole[where] = gradient
        return whole

    return Node(node.value[where], ((node, pull),))


def spike(height: Node, dampening: float) -> Node:
    """Return 1 where `height`, the potential above the threshold, is not below zero, else 0: with a made-up slope."""
    slope = dampening * np.maximum(0, 1 - np.abs(height.value))
    return Node(height.value >= 0, ((height, lambda g: g * slope),))


def constant(node: Node) -> Node:
    """Return a node that no gradient passes."""
    return Node(node.value)


def backward(loss: Node) -> None:
    """Fill in the gradients of `loss` with respect to everything that it was made from."""
    order, seen = [], set()

    def visit(node: Node) -> None:
        stack = [(node, iter(node.parents))]
        seen.add(id(node))
        while stack:
            top, parents = stack[-1]
            for parent, _ in parents:
                if id(parent) not in seen:
                    seen.add(id(parent))
                    stack.append((parent, iter(parent.parents)))
                    break
            else:
                order.append(top)
                stack.pop()

    visit(loss)
    loss.gradient = np.ones_like(loss.value)
    for node in reversed(order):
        for parent, pull in node.parents:
            parent.gradient = parent.gradient + pull(node.gradient)
