"""What somebody or something of theirs is called, where a Chinese line asks whether it is still
known: 你还记得我猫叫啥不 wants the name, not all that was told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affect.writers.slots import Filler

if TYPE_CHECKING:
    from affect.writers.base import Scene

_ASKS = re.compile(r"(叫|名字是?)(啥|什么|甚)")
_WHO = "猫|狗|兔|鸟|龟|鼠|女儿|儿子|闺女|娃|宝宝|孩子|朋友|室友|同事|老师|老板"
_BEFORE = rf"^|[，,。！!\s]|[它他她]|名字|名|子|{_WHO}"
_NO_NAME = "我|你|他|她|它|什么|啥|醒|人|车|外卖|苦|停|了|个|一|不|板|好|什|谁|得|着|过|家长|出|起"
_CALLED = re.compile(
    rf"(?:{_BEFORE})(?:小名|大名)?(?:就|也|是)?叫(?:做)?(?!{_NO_NAME})"
    r"(?P<name>[\u4e00-\u9fff]{1,4}?|[A-Za-z]{2,12})(?=[，,。！!、\s啊呀哈的]|$)"
)
_THINGS = re.compile(_WHO)


def called(scene: Scene) -> Filler | None:
    """The one name that was told, or that of the thing asked about; None where it is not sure."""
    asks = _ASKS.search(scene.said)
    if asks is None or scene.language != "zh":
        return None
    lines = [exchange.said for exchange in scene.history]
    told = [(n, found["name"]) for n, said in enumerate(lines) for found in _CALLED.finditer(said)]
    thing = _THINGS.search(scene.said)
    if thing:
        # The thing itself is named with it, or in the line before: 我家猫吐了 ... 叫年糕.
        of_it = [name for n, name in told if thing[0] in "".join(lines[max(n - 1, 0) : n + 1])]
        told_of = of_it or ([] if len(told) > 1 else [name for _, name in told])
    else:
        told_of = [name for _, name in told]
    names = set(told_of)
    return Filler(text := names.pop(), text) if len(names) == 1 else None
