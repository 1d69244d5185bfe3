"""next-in-session, computed the slow and obvious way from the views of a log alone: an independent check of its scores.

Sessions are lists of items in log order, of which the last 64 views are kept; a session's number is its place in the
order of first views, from 1. All logarithms are natural. Where the formula leaves a choice:

- age of a session: by the time of its first view, in steps of 4 ms of which a partition has each 32nd (here: of one partition,
  whose events are in the order of their times). Sessions are counted by parts of 2^24 steps; the age is all that began in later
  parts and, of its own part, the share that the steps after it have in those of the part so far.
- the length of a session is that of the views that are kept.
- a neighbour is one of the m newest sessions among the m newest of each of d[0..]; the running session is none.
- C starts from the best of S = A + 0.06 B; equal ones by larger df, then by the smaller id.
- C looks at the newest 21 sessions with an item, the running one among them; some may not keep their view of it any more.
- revisits look at the last 40 views: distances, occurrences, distinct items and the kind of the last view.
"""
import collections
import math

KEPT, RECENT, BACK = 64, 10, 40
STEP_MS, LANES, PART = 4, 32, 1 << 24
SIZES = (1, 2, 4, 8, 16)


def distinct(views):
    """Newest first, each once."""
    return list(dict.fromkeys(reversed(views)))


def kind_of_last(views):
    *before, last = views
    if before and before[-1] == last:
        return "same"
    return "earlier" if last in before else "new"


def moments(views):
    """[(item, (distance, seen, size, kind))] of what the next view may go back to."""
    views = views[-BACK:]
    items = distinct(views)
    size = sum(len(items) > most for most in SIZES)
    return [(item, (y, min(views.count(item), 3), size, kind_of_last(views))) for y, item in enumerate(items)]


class Index:
    def __init__(self):
        self.sessions, self.numbers, self.steps = [None], {}, [0]
        self.parts = collections.Counter()
        self.chances, self.hits = collections.Counter(), collections.Counter()
        self.df = collections.Counter()

    def view(self, session, item, t_ms):
        """One view of the log, in its order."""
        if session not in self.numbers:
            self.numbers[session] = len(self.sessions)
            self.sessions.append([])
            self.steps.append(max(t_ms // STEP_MS // LANES * LANES, self.steps[-1] + LANES))
            self.parts[self.steps[-1] // PART] += 1
        views = self.sessions[self.numbers[session]]
        if views:
            for other, moment in moments(views):
                for keys in range(1, 5):
                    self.chances[moment[:keys]] += 1
                    self.hits[moment[:keys]] += other == item
        self.df[item] += item not in views
        views.append(item)

    def age(self, number):
        step, newest = self.steps[number], self.steps[-1]
        part, of = step // PART, PART
        if part == newest // PART:
            of = newest % PART + 1
        later = sum(n for other, n in self.parts.items() if other > part)
        return later + self.parts[part] * (of - 1 - step % PART) / of

    def kept(self, number):
        return self.sessions[number][-KEPT:]

    def newest(self, item, without):
        return [s for s in range(len(self.sessions) - 1, 0, -1) if item in self.sessions[s] and s != without]

    def rate(self, moment):
        ret = (self.hits[moment[:1]] + 0.2) / (self.chances[moment[:1]] + 20)
        for keys in range(2, 5):
            ret = (self.hits[moment[:keys]] + 20 * ret) / (self.chances[moment[:keys]] + 20)
        return ret


def last_place(views, item):
    return max((j for j, other in enumerate(views) if other == item), default=None)


def normal(part):
    total = sum(part.values())
    return {item: value / total for item, value in part.items()} if total else {}


def neighbours(index, views, without, m, k):
    total = len(index.sessions) - 1
    similar, anchors = collections.Counter(), {}
    for y, item in enumerate(distinct(views[-RECENT:])):
        for s in index.newest(item, without)[:m]:
            similar[s] += (y + 1) ** -0.5 * math.log(1 + total / (index.df[item] + 1)) ** 1.5
            anchors.setdefault(s, (y, item))
    newest = sorted(similar, reverse=True)[:m]
    strength = {s: similar[s] * len(index.kept(s)) ** -0.2 * (1 + index.age(s) / 20000) ** -0.4 for s in newest}
    best = sorted(newest, key=lambda s: (-strength[s], -s))[:k]
    part = collections.Counter()
    for s in best:
        y, anchor = anchors[s]
        clicks = index.kept(s)
        at = last_place(clicks, anchor)
        if at is None:
            continue
        for j, item in enumerate(clicks):
            if j != at:
                part[item] += strength[s] ** 1.5 * math.exp(-y / 4) * abs(j - at) ** -0.8 * (0.7 if j < at else 1)
    return normal({item: value * (index.df[item] + 1) ** -0.2 for item, value in part.items()})


def bigram(index, views, without, m):
    followers = []
    for s in index.newest(views[-1], without)[:m]:
        clicks = index.kept(s)
        for j in range(len(clicks) - 2, -1, -1):
            if clicks[j] == views[-1]:
                second = len(views) > 1 and j > 0 and clicks[j - 1] == views[-2]
                followers.append((clicks[j + 1], second))
    followers = followers[:500]
    c1 = collections.Counter(item for item, _ in followers)
    c2 = collections.Counter(item for item, second in followers if second)
    n1, n2 = len(followers), sum(c2.values())
    part = {}
    for item in c1:
        p1 = c1[item] / (n1 + math.sqrt(n1))
        part[item] = (c2[item] + math.sqrt(n2) * p1) / (n2 + math.sqrt(n2)) if n2 else p1
    return normal(part)


def one_step(index, shares, without, items=25, occurrences=20):
    best = sorted(shares, key=lambda item: (-shares[item], -index.df[item], item.encode()))[:items]
    part = collections.Counter()
    for item in best:
        places = [(s, j) for s in index.newest(item, None)[:occurrences + 1] if s != without
                  for j in range(len(index.kept(s)) - 1, -1, -1) if index.kept(s)[j] == item][:occurrences]
        for s, j in places:
            clicks = index.kept(s)
            for beside in (j - 1, j + 1):
                if 0 <= beside < len(clicks):
                    part[clicks[beside]] += shares[item] / len(places)
    return normal({item: value * (index.df[item] + 1) ** -0.15 for item, value in part.items()})


def added(a, b, weight):
    return {item: a.get(item, 0) + weight * b.get(item, 0) for item in {*a, *b}}


def scores(index, views, kappa, without=0, m=1000, k=150):
    """{item: score}; `without`: the running session's own number."""
    views = views[-KEPT:]
    shares = added(neighbours(index, views, without, m, k), bigram(index, views, without, m), 0.06)
    shares = normal(added(shares, one_step(index, shares, without), 0.6))
    ret = {item: kappa * share for item, share in shares.items()}
    for item, moment in moments(views):
        share = ret.get(item, 0) * (0.1 if item == views[-1] else 0.4)
        ret[item] = share + 0.85 * index.rate(moment)
    return ret
