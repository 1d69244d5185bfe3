#!/usr/bin/python3
"""recommendationIds made and read by a program that shares no code with aisle: see schemas/token.h."""
import base64
import hashlib

MASK = 2**64 - 1


def strategies():
    with open("schemas/strategies.def", encoding="utf-8") as f:
        return [line[9:-1].replace("_", "-") for line in f.read().splitlines() if line.startswith("STRATEGY(")]


def siphash(key, message):
    """SipHash-2-4 (Aumasson, Bernstein 2012)."""
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:16], "little")
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def turn(x, bits):
        return (x << bits | x >> (64 - bits)) & MASK

    def rounds(n):
        for _ in range(n):
            v[0], v[2] = (v[0] + v[1]) & MASK, (v[2] + v[3]) & MASK
            v[1], v[3] = turn(v[1], 13) ^ v[0], turn(v[3], 16) ^ v[2]
            v[0], v[2] = (turn(v[0], 32) + v[3]) & MASK, (v[2] + v[1]) & MASK
            v[3], v[1] = turn(v[3], 21) ^ v[0], turn(v[1], 17) ^ v[2]
            v[2] = turn(v[2], 32)

    padded = message + bytes(-(len(message) + 1) % 8) + bytes([len(message) & 255])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at:at + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 255
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def token_key(person_key):
    return hashlib.blake2b(b"aisle recommendation token 2", digest_size=32, key=person_key).digest()


def person_of(person_key, kind, raw_id):
    return hashlib.blake2b((kind + raw_id).encode(), digest_size=16, key=person_key).digest()


def mark(key, nonce, item):
    return siphash(key[:16], nonce.to_bytes(4, "little") + item.encode()) & 0xFFFF


def signature(key, signed, person):
    return hashlib.blake2b(signed + (person or b""), digest_size=16, key=key).digest()


def make(key, person, scenario, variant, t, nonce, items):
    """items: (strategy's number, itemId)."""
    signed = (bytes([2, len(scenario)]) + scenario.encode() + bytes([len(variant)]) + variant.encode() +
              t.to_bytes(6, "little") + nonce.to_bytes(4, "little") + bytes([len(items)]) +
              b"".join(bytes([strategy]) + mark(key, nonce, item).to_bytes(2, "little") for strategy, item in items))
    return base64.urlsafe_b64encode(signed + signature(key, signed, person)).rstrip(b"=").decode()
