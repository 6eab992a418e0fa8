"""The crowd as SimPy's processes; prints its sends, its events and the seconds it took."""

import math
import random
import sys
import time

import simpy

HORIZON, LATENCY, BASE, MAX = 60.0, 0.05, 0.1, 10.0


class Bucket:
    """GCRA with a burst of one second's tokens."""

    def __init__(self, rate):
        self.interval = 1.0 / rate
        self.theoretical = 0.0

    def admits(self, now):
        theoretical = max(self.theoretical, now) + self.interval
        if theoretical > now + 1.0:
            return False
        self.theoretical = theoretical
        return True


def client(env, bucket, draws, played):
    while True:
        yield env.timeout(-math.log(1.0 - draws()))
        refusals = 0
        while True:
            admitted = bucket.admits(env.now)
            played[0] += 1
            yield env.timeout(LATENCY)
            played[1] += 2
            if admitted:
                break
            yield env.timeout(draws() * min(MAX, BASE * 2.0 ** min(refusals, 30)))
            refusals += 1


def play(clients):
    env, bucket, draws, played = simpy.Environment(), Bucket(clients // 10), random.Random(1).random, [0, 0]
    for _ in range(clients):
        env.process(client(env, bucket, draws, played))
    env.run(until=HORIZON)
    return played


if __name__ == "__main__":
    started = time.perf_counter()
    sends, events = play(int(sys.argv[1]))
    print(sends, events, time.perf_counter() - started)
