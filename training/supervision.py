"""Owns what the reader is pulled towards besides the next token.

* Dense: every vision token says which character stands in each slot of its 28 × 28 cell. This teaches the tower to see.
* Guided attention: chosen decoder heads are pulled (-log p) onto the cell of the current and of the next character, and
  one head per slot reads that slot alone. This teaches the decoder where to look; next-token loss by itself does not.
* Codes: small linear probes ask vision tokens for their row, column and page, so that anchors can be addressed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.alphabet import COLUMN, PAGE, ROW
from training.checkpoint import ROW_ANCHORS
from training.examples import NONE, SINK, SLOT_COLUMNS, SLOT_ROWS, SLOTS
from training.network import Network, Shape, Trace, cell_index

CODE_LAYER, PAGE_LAYER, HERE_LAYER, NEXT_LAYER, SLOT_LAYER, FIND_LAYER = 1, 2, 2, 3, 4, 5
"""Decoder layers: codes are read after 1 and 2, pointers are pulled in 2 and 3, slots in 4, 5 and 6.

Anchors are found in 5: which page, line and column answers a question takes more layers than the next character."""
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


@dataclass(frozen=True)
class Targets:
    """Arrays of one batch on the device: text arrays (batch, text), dense arrays (pages in batch, samples)."""

    ids: Tensor
    answer: Tensor
    cell: Tensor
    slot: Tensor
    dense_cell: Tensor
    dense_slot: Tensor
    dense_token: Tensor


def dense(net: Network, probes: Probes, seen: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
    """Loss and accuracy of the slots; seen: (pages in batch, cells, width)."""
    known = targets.dense_token != NONE
    page = torch.arange(seen.shape[0], device=seen.device)[:, None].expand_as(known)[known]
    slots = probes.slots(seen).unflatten(-1, (SLOTS, RANK))
    chosen = probes.up(slots[page, targets.dense_cell[known], targets.dense_slot[known]])
    logits = net.logits(chosen).float()
    token = targets.dense_token[known]
    return F.cross_entropy(logits, token), (logits.argmax(-1) == token).float().mean()


def key_of(cell: Tensor, shape: Shape) -> Tensor:
    """Sequence position of a cell; SINK is the start token; NONE stays NONE."""
    position = cell // shape.cells * (shape.cells + 3) + 3 + cell % shape.cells
    return torch.where(cell == SINK, 0, torch.where(cell == NONE, NONE, position))


def _log_attention(trace: Trace, layer: int, heads: slice, shape: Shape) -> Tensor:
    """Log attention of text queries from the prefix's last token on: (batch, heads, text, sequence)."""
    q = trace.queries[layer][:, heads, shape.prefix - 1 : -1]
    k = trace.keys[layer][:, heads]
    scores = (q @ k.transpose(-1, -2)).float() * q.shape[-1] ** -0.5
    at = torch.arange(shape.prefix - 1, shape.prefix - 1 + q.shape[2], device=q.device)
    future = torch.arange(k.shape[2], device=q.device)[None] > at[:, None]
    return scores.masked_fill(future, -1e9).log_softmax(-1)


def _pull(log_attention: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Mean -log p and hit rate of every head on target (batch, text), where target is not NONE."""
    known = target != NONE
    picked = log_attention.gather(-1, target.clamp(min=0)[:, None, :, None].expand(-1, log_attention.shape[1], -1, 1))
    count = known.sum().clamp(min=1) * log_attention.shape[1]
    loss = -(picked[..., 0] * known[:, None]).sum() / count
    hit = ((log_attention.argmax(-1) == target[:, None]) & known[:, None]).sum() / count
    return loss, hit


def finding(trace: Trace, targets: Targets, shape: Shape) -> dict[str, Tensor]:
    """Losses that pull heads onto the cell of the token at hand ("here") and of what an anchor names ("find")."""
    # The query at text position i - 1 predicts token i; token i - 1 itself is at hand there.
    at_hand = key_of(_shifted(targets.cell), shape)
    here, here_hit = _pull(_log_attention(trace, HERE_LAYER, slice(0, POINTER_HEADS), shape), at_hand)
    found = torch.where(targets.answer & is_anchor(targets.ids), targets.cell, NONE)
    find, find_hit = _pull(_log_attention(trace, FIND_LAYER, slice(0, None), shape), key_of(found, shape))
    return {"here": here, "here_hit": here_hit, "find": find, "find_hit": find_hit}


def reading(probes: Probes, trace: Trace, targets: Targets, shape: Shape) -> dict[str, Tensor]:
    """Losses that pull heads onto the cell and the slot of the next character, and name the slots at hand and next."""
    character = targets.answer & ~is_anchor(targets.ids)
    to_come = torch.where(character, targets.cell, NONE)
    slot_to_come = torch.where(targets.answer & (targets.slot >= 0), targets.slot, NONE)
    pointing = _log_attention(trace, NEXT_LAYER, slice(0, POINTER_HEADS), shape)
    next_, next_hit = _pull(pointing, key_of(to_come, shape))
    slots, slot_hit = _pull_slots(trace, to_come, slot_to_come, shape)
    query = slice(shape.prefix - 1, -1)
    classify = _classify(probes.here_slot(trace.hidden[HERE_LAYER][:, query]), _shifted(slot_to_come))
    classify = classify + _classify(probes.next_slot(trace.hidden[NEXT_LAYER][:, query]), slot_to_come)
    return {
        "next": next_, "slots": slots, "classify": classify, "next_hit": next_hit, "slot_hit": slot_hit,
    }  # fmt: skip


def is_anchor(ids: Tensor) -> Tensor:
    """Which tokens name a page, line or column."""
    return ((ids >= PAGE) & (ids < ROW + ROW_ANCHORS)) | (ids >= COLUMN)


def _shifted(values: Tensor) -> Tensor:
    return torch.cat([torch.full_like(values[:, :1], NONE), values[:, :-1]], dim=1)


def _classify(logits: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1).float(), target.flatten(), ignore_index=NONE)


def _pull_slots(trace: Trace, cell: Tensor, slot: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """The head of the slot to be read looks at its cell, all other slot heads look at the start token."""
    key, known = key_of(cell, shape), cell != NONE
    hits, sinks, found = [], [], []
    for row in range(SLOT_ROWS):
        log_attention = _log_attention(trace, SLOT_LAYER + row, slice(0, SLOT_COLUMNS), shape)
        mine = slot[:, None] == torch.arange(SLOT_COLUMNS, device=slot.device)[None, :, None] + row * SLOT_COLUMNS
        target = torch.where(mine, key[:, None], 0).clamp(min=0)
        picked = -log_attention.gather(-1, target[..., None])[..., 0]
        hits.append((picked * mine).sum())
        sinks.append((picked * (known[:, None] & ~mine)).sum())
        found.append(((log_attention.argmax(-1) == target) & mine).sum())
    read, count = (slot != NONE).sum().clamp(min=1), known.sum().clamp(min=1)
    loss = torch.stack(hits).sum() / read + torch.stack(sinks).sum() / (count * (SLOTS - 1))
    return loss, torch.stack(found).sum() / read


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


def next_token(net: Network, trace: Trace, targets: Targets, shape: Shape) -> tuple[Tensor, Tensor]:
    """Cross entropy and accuracy over answer tokens."""
    final = trace.final[:, shape.prefix - 1 : -1][targets.answer]
    logits = net.logits(final).float()
    token = targets.ids[targets.answer]
    # An anchor decides what all characters after it are read from.
    weight = 1.0 + 3.0 * is_anchor(token)
    loss = (F.cross_entropy(logits, token, reduction="none") * weight).sum() / weight.sum().clamp(min=1)
    return loss, (logits.argmax(-1) == token).float().mean()
