"""The Merkle tree of RFC 6962 with SHA-256: roots, proofs, tiles and entry bundles."""

import hashlib

WIDTH = 256


class BadProof(ValueError):
    """A proof does not lead to the root, or a tile is not what the entries make."""


def leaf(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves):
    """The root over leaf hashes, straight from the definition."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    cut = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:cut]), root(leaves[cut:]))


def inclusion(leaves, index):
    """The inclusion proof of a leaf, from the definition (RFC 6962 section 2.1.1)."""
    if len(leaves) == 1:
        return []
    cut = 1 << (len(leaves) - 1).bit_length() - 1
    if index < cut:
        return [*inclusion(leaves[:cut], index), root(leaves[cut:])]
    return [*inclusion(leaves[cut:], index - cut), root(leaves[:cut])]


def check_inclusion(leaf_hash, index, size, proof, wanted):
    """RFC 9162 section 2.1.3.2. Raises `BadProof`."""
    if not 0 <= index < size:
        raise BadProof("the index lies outside the tree")
    fn, sn, value = index, size - 1, leaf_hash
    for sibling in proof:
        if sn == 0 or len(sibling) != 32:
            raise BadProof("a hash too many, or of a wrong length")
        if fn & 1 or fn == sn:
            value = node(sibling, value)
            while fn & 1 == 0 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node(value, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn or value != wanted:
        raise BadProof("the proof does not lead to the root")


def check_consistency(old, old_root, new, new_root, proof):
    """RFC 9162 section 2.1.4.2. Raises `BadProof`."""
    if not 0 <= old <= new:
        raise BadProof("the old size is the larger one")
    if old == new or old == 0:
        if proof or (old == new and old_root != new_root):
            raise BadProof("nothing to prove, yet the proof is not empty or the roots differ")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise BadProof("a proof is missing")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0 or len(sibling) != 32:
            raise BadProof("a hash too many, or of a wrong length")
        if fn & 1 or fn == sn:
            first, second = node(sibling, first), node(sibling, second)
            while fn & 1 == 0 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn or first != old_root or second != new_root:
        raise BadProof("the proof does not lead to the roots")


def _digits(n):
    groups = [f"{n % 1000:03}"]
    while n := n // 1000:
        groups.insert(0, f"x{n % 1000:03}")
    return "/".join(groups)


def path(level, n, width=WIDTH):
    """The path of a tile, or of an entry bundle for `level` "entries"."""
    return f"tile/{level}/{_digits(n)}" + ("" if width == WIDTH else f".p/{width}")


def pieces(count):
    """(n, width) of the tiles that hold `count` hashes of one level."""
    return [(n, min(WIDTH, count - n * WIDTH)) for n in range((count + WIDTH - 1) // WIDTH)]


def open_bundle(data):
    """The entries of a bundle: u16 big-endian length, then the bytes, repeated."""
    entries, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        at += 2
        if at + size > len(data):
            raise BadProof("the bundle ends in the middle of an entry")
        entries.append(data[at : at + size])
        at += size
    return entries


def check_tiles(leaves, fetch):
    """Compares every hash tile of the tree with what the leaves make.

    `fetch` takes a path and gives bytes. Gives (number of tiles, root from the tiles'
    top hashes), so that the root is seen to follow from published tiles alone.
    """
    level, hashes, seen, lowest = 0, leaves, 0, []
    while hashes:
        for n, width in pieces(len(hashes)):
            tile = fetch(path(level, n, width))
            mine = b"".join(hashes[n * WIDTH : n * WIDTH + width])
            if tile != mine:
                raise BadProof(f"{path(level, n, width)} is not what the entries make")
            if level == 0:
                lowest += [tile[i : i + 32] for i in range(0, len(tile), 32)]
            seen += 1
        full = len(hashes) // WIDTH
        hashes = [root(hashes[i * WIDTH : (i + 1) * WIDTH]) for i in range(full)]
        level += 1
    return seen, root(lowest)
