"""Owns what the reader is pulled towards besides the next token.

* Dense: every vision token says which character stands in each slot of its 28 × 28 cell. This teaches the tower to see.
* Guided attention: chosen decoder heads are pulled (-log p) onto the cell of the current and of the next character, and
  one head per slot reads that slot alone. This teaches the decoder where to look; next-token loss by itself does not.
  Other heads look along the line of an answer before a deeper layer finds its first character.
* Bearing: every cell of a page that is shown again behind a question says whether it bears the answer, and heads of it
  are pulled onto what it repeats of the question. One anchor a question teaches little about all the other places.
* Codes: small linear probes ask vision tokens for their row, column and page, so that anchors can be addressed.

Which positions are asked is part of the batch: nothing here depends on values on the device, so a step never waits.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.bearing import BITS
from training.laid import NONE, SLOT_COLUMNS, SLOT_ROWS, SLOTS
from training.network import Network, Shape, Trace, cell_index

CODE_LAYER, PAGE_LAYER, HERE_LAYER, NEXT_LAYER, SLOT_LAYER, FIND_LAYER = 1, 2, 2, 3, 4, 5
"""Decoder layers: codes are read after 1 and 2, pointers are pulled in 2 and 3, slots in 4, 5 and 6.

Anchors are found in 5: which page, line and column answers a question takes more layers than the next character."""
BEARS_LAYER = 4
"""What the layer of the anchors can look for in a cell."""
LINE_LAYERS = (3, 4)
"""Layers in which the heads that point at no character look along the line of the anchor to come."""
POINTER_HEADS = 2
RANK = 64


class Probes(nn.Module):
    """Heads that exist while training only."""

    def __init__(self, width: int, rows: int = 64, columns: int = 64, pages: int = 64) -> None:
        super().__init__()
        self.slots = nn.Linear(width, SLOTS * RANK)
        self.up = nn.Linear(RANK, width)
        self.row, self.column, self.page = nn.Linear(width, rows), nn.Linear(width, columns), nn.Linear(width, pages)
        self.here_slot, self.next_slot = nn.Linear(width, SLOTS), nn.Linear(width, SLOTS)
        self.bears = nn.Linear(width, BITS)


@dataclass(frozen=True)
class Aim:
    """A pull on the device: text offsets, keys, keys of their lines and slots, each (batch, pulled)."""

    offset: Tensor
    key: Tensor
    line: Tensor
    slot: Tensor

    @property
    def known(self) -> Tensor:
        """Which offsets are used."""
        return self.key != NONE


def dense(net: Network, probes: Probes, seen: Tensor, at: Tensor, token: Tensor) -> tuple[Tensor, Tensor]:
    """Loss and accuracy of the slots.

    Args:
        net: for the tied embedding.
        probes: what names the slots.
        seen: (pages in batch, cells, width).
        at: (n,) flat (page in batch, cell, slot).
        token: (n,) the character there.
    """
    cell = seen.flatten(0, 1)[at // SLOTS]
    weight = probes.slots.weight.view(SLOTS, RANK, -1)
    # All slots of the chosen cells cost less than the chosen slots of all cells.
    slots = F.linear(cell, weight.flatten(0, 1), probes.slots.bias).unflatten(-1, (SLOTS, RANK))
    chosen = slots.gather(1, (at % SLOTS)[:, None, None].expand(-1, 1, RANK))[:, 0]
    logits = net.logits(probes.up(chosen)).float()
    return F.cross_entropy(logits, token), (logits.argmax(-1) == token).float().mean()


def _log_attention(trace: Trace, layer: int, heads: slice, at: Tensor) -> Tensor:
    """Log attention of the queries at sequence positions (batch, pulled): (batch, heads, pulled, sequence)."""
    q, k = trace.queries[layer][:, heads], trace.keys[layer][:, heads]
    q = q.gather(2, at[:, None, :, None].expand(-1, q.shape[1], -1, q.shape[3]))
    scores = (q @ k.transpose(-1, -2)).float() * q.shape[-1] ** -0.5
    future = torch.arange(k.shape[2], device=q.device) > at[:, None, :, None]
    return scores.masked_fill(future, -1e9).log_softmax(-1)


def _pull(log_attention: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Mean -log p and hit rate of every head on target (batch, pulled), where target is not NONE."""
    known = target != NONE
    picked = log_attention.gather(-1, target.clamp(min=0)[:, None, :, None].expand(-1, log_attention.shape[1], -1, 1))
    count = known.sum().clamp(min=1) * log_attention.shape[1]
    loss = -(picked[..., 0] * known[:, None]).sum() / count
    hit = ((log_attention.argmax(-1) == target[:, None]) & known[:, None]).sum() / count
    return loss, hit


def _pull_along(log_attention: Tensor, first: Tensor, shape: Shape) -> Tensor:
    """Mean -log of the attention on the rows whose first cells have these keys (batch, pulled), where there is one."""
    known, key = first != NONE, torch.arange(log_attention.shape[-1], device=first.device)
    along = (key >= first[:, None, :, None]) & (key < first[:, None, :, None] + shape.columns)
    mass = log_attention.masked_fill(~along, -1e9).logsumexp(-1) * known[:, None]
    return -mass.sum() / (known.sum().clamp(min=1) * log_attention.shape[1])


def pointers(probes: Probes, trace: Trace, aims: dict[str, Aim], shape: Shape) -> dict[str, Tensor]:
    """Losses and hit rates of the heads for the token at hand, the character to come and the anchor to come."""
    before = shape.prefix - 1
    here, to_come, anchor = aims["here"], aims["next"], aims["find"]
    out: dict[str, Tensor] = {}
    pointing = slice(0, POINTER_HEADS)
    for name, aim, layer, heads in (
        ("here", here, HERE_LAYER, pointing),
        ("match", aims["match"], HERE_LAYER, pointing),
        ("next", to_come, NEXT_LAYER, pointing),
        ("find", anchor, FIND_LAYER, slice(0, None)),
    ):
        log_attention = _log_attention(trace, layer, heads, before + aim.offset)
        out[name], out[f"{name}_hit"] = _pull(log_attention, aim.key)
    lines = [_log_attention(trace, layer, slice(POINTER_HEADS, None), before + anchor.offset) for layer in LINE_LAYERS]
    out["line"] = torch.stack([_pull_along(line, anchor.line, shape) for line in lines]).mean()
    out["slots"], out["slot_hit"] = _pull_slots(trace, to_come, shape)
    at_hand = _named(probes.here_slot, trace.hidden[HERE_LAYER], before + here.offset, here.slot)
    out["classify"] = at_hand + _named(
        probes.next_slot, trace.hidden[NEXT_LAYER], before + to_come.offset, to_come.slot
    )
    return out


def _named(probe: nn.Linear, hidden: Tensor, at: Tensor, slot: Tensor) -> Tensor:
    """Whether the probe names the slot at sequence positions (batch, pulled)."""
    chosen = hidden.gather(1, at[..., None].expand(-1, -1, hidden.shape[-1]))
    return _classify(probe(chosen), torch.where(slot >= 0, slot, NONE))


def _classify(logits: Tensor, target: Tensor) -> Tensor:
    """Mean cross entropy where target is not NONE; 0 where it is nowhere, as in a batch of denials alone."""
    loss = F.cross_entropy(logits.flatten(0, 1).float(), target.flatten(), ignore_index=NONE, reduction="sum")
    return loss / (target != NONE).sum().clamp(min=1)


def _pull_slots(trace: Trace, aim: Aim, shape: Shape) -> tuple[Tensor, Tensor]:
    """The head of the slot to be read looks at its cell, all other slot heads look at the start token."""
    key, known, at = aim.key, aim.known, shape.prefix - 1 + aim.offset
    hits, sinks, found = [], [], []
    for row in range(SLOT_ROWS):
        log_attention = _log_attention(trace, SLOT_LAYER + row, slice(0, SLOT_COLUMNS), at)
        slots = torch.arange(SLOT_COLUMNS, device=at.device)[None, :, None] + row * SLOT_COLUMNS
        mine = aim.slot[:, None] == slots
        target = torch.where(mine, key[:, None], 0).clamp(min=0)
        picked = -log_attention.gather(-1, target[..., None])[..., 0]
        hits.append((picked * mine).sum())
        sinks.append((picked * (known[:, None] & ~mine)).sum())
        found.append(((log_attention.argmax(-1) == target) & mine).sum())
    read, count = (aim.slot >= 0).sum().clamp(min=1), known.sum().clamp(min=1)
    loss = torch.stack(hits).sum() / read + torch.stack(sinks).sum() / (count * (SLOTS - 1))
    return loss, torch.stack(found).sum() / read


def bears(probes: Probes, trace: Trace, shown: Tensor, masks: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """What cells that are shown again bear: cross entropy of a page's bits, and how often its likeliest cell is right.

    shown: (pages shown * cells,) flat text positions; masks: the same, see `bearing`. Pages without an answer are no
    hit and no miss; where none is shown the loss is 0.
    """
    at = shown // shape.text * (shape.prefix + shape.text) + shape.prefix + shown % shape.text
    logits = probes.bears(trace.hidden[BEARS_LAYER].flatten(0, 1)[at]).float()
    logits = logits.view(len(shown) // shape.cells, shape.cells, BITS)
    target = (masks[:, None] >> torch.arange(BITS, device=masks.device) & 1).view_as(logits)
    loss = F.binary_cross_entropy_with_logits(logits, target.float(), reduction="sum") / max(1, len(logits))
    slots, borne = logits[..., :SLOTS].amax(-1), target[..., :SLOTS].amax(-1)
    hit = borne.gather(1, slots.argmax(1, keepdim=True)).sum() / borne.amax(1).sum().clamp(min=1)
    return loss, hit


def codes(probes: Probes, trace: Trace, shape: Shape) -> Tensor:
    """Vision tokens know their row and column after CODE_LAYER and their page after PAGE_LAYER."""
    index = cell_index(shape, trace.final.device)
    cell = torch.arange(shape.pages * shape.cells, device=index.device)
    batch = trace.final.shape[0]
    early, later = trace.hidden[CODE_LAYER][:, index], trace.hidden[PAGE_LAYER][:, index]
    pairs = (
        (probes.row(early), cell % shape.cells // shape.columns),
        (probes.column(early), cell % shape.columns),
        (probes.page(later), cell // shape.cells),
    )
    return sum((_classify(x, t.expand(batch, -1)) for x, t in pairs), start=trace.final.new_zeros(()))


def next_token(net: Network, trace: Trace, answers: Tensor, token: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """Cross entropy (n,) and hits (n,) of the tokens at flat text positions `answers`."""
    at = answers // shape.text * (shape.prefix + shape.text) + shape.prefix - 1 + answers % shape.text
    logits = net.logits(trace.final.flatten(0, 1)[at]).float()
    return F.cross_entropy(logits, token, reduction="none"), logits.argmax(-1) == token
