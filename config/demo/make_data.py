#!/usr/bin/env python3
"""Make the demo's shop out of UCI Online Retail (CC0).

    config/demo/make_data.py online-retail.tsv.gz [OUTPUT_FOLDER]

The input has a header line and the columns invoiceDate, invoiceNo, stockCode, quantity, unitPrice, customerId,
country, description, in time order. README.md tells what is cut and how the two files are laid out.
"""
import collections
import datetime
import gzip
import os
import re
import sys
import zlib

QUANTITY_MAX = 10_000          # the most an event may carry
GUEST_LINES_MAX = 100          # a longer invoice without a customer is a day's till, not one person's basket
SMALL = {"of", "and", "with", "the", "in", "for", "to", "a", "on", "at", "by", "from", "or", "as"}
AS_IS = {"uk", "usa", "dvd", "cd", "ii", "tv", "led", "diy", "3d", "2d", "abc", "fbp"}

# (pattern on the title, category); the first that matches wins. Made by hand from the titles.
CATEGORIES = [
    (r"advent|christmas|xmas|santa|snowman|reindeer|snowflake|bauble|nativity|rudolph|noel|robin", [
        (r"light|candle|t-light|lantern", "Christmas > Lights and Candles"),
        (r"card|wrap|ribbon|tag|tissue|gift", "Christmas > Cards and Wrap"),
        (r"", "Christmas > Decorations")]),
    (r"easter|\bbunny|\bchicks?\b", "Seasonal > Easter"),
    (r"lunch bag|lunch box|snack box|bento|lunchbox", "Bags > Lunch Bags and Boxes"),
    (r"jumbo bag|jumbo shopper|jumbo storage", "Bags > Jumbo Bags"),
    (r"halloween|pumpkin|skull|creepy", "Seasonal > Halloween"),
    (r"\bbags?\b|shopper|backpack|rucksack|purse|wallet|handbag|tote|suitcase|pouch", [
        (r"water|hot", "Home > Hot Water Bottles"),
        (r"paper|party|gift|cello|poly", "Cards and Wrap > Gift Bags"),
        (r"", "Bags > Bags and Purses")]),
    (r"hot water bottle|hand warmer", "Home > Hot Water Bottles"),
    (r"t-light|tealight|\bt light|candle|incense", "Lighting > Candles and Holders"),
    (r"\blights?\b|lamp|lantern|chandelier", "Lighting > Lamps and Lights"),
    (r"\bmugs?\b|\bcups?\b|teacup|beaker|tumbler", [
        (r"cake|egg", "Kitchen > Baking"),
        (r"paper|party", "Party > Tableware"),
        (r"", "Kitchen > Mugs and Cups")]),
    (r"cake ?stand|cakestand|cake tin|cake case|baking|cake|cutter|whisk|rolling pin|jelly|mould|muffin|ramekin|cookie|"
     r"pastry|pie dish|sieve|recipe", "Kitchen > Baking"),
    (r"teapot|tea |coffee|cafetiere|milk jug|sugar|kettle", "Kitchen > Tea and Coffee"),
    (r"popcorn|lolly", "Party > Tableware"),
    (r"\bplates?\b|bowl|dish|cutlery|spoon|fork|knife|glass\b|glasses|goblet|jug|decanter|coaster|placemat|napkin|tray|"
     r"platter|tureen|doiley|straw", [
        (r"paper|party|straw|napkin", "Party > Tableware"),
        (r"sun ?glasses", "Jewellery and Accessories > Accessories"),
        (r"", "Kitchen > Tableware")]),
    (r"apron|oven glove|tea towel|kitchen|jar|bread bin|pantry|storage tin|tins?\b|egg|grater|scales|jam|bottle|"
     r"opener|chopping|colander|cannister|canister|pan\b", "Kitchen > Kitchenware"),
    (r"necklace|bracelet|earring|\bring\b|brooch|bangle|jewel|pendant|tiara|\bhair|charm|anklet|choker|diamante", [
        (r"box|stand|tree|case|holder", "Home > Storage"),
        (r"napkin|key ?ring", "Gifts > Trinkets"),
        (r"", "Jewellery and Accessories > Jewellery")]),
    (r"scarf|gloves|umbrella|parasol|\bhats?\b|slipper|socks|shawl|poncho|fan\b|sunglass|beach|flip flop|cosmetic|"
     r"wash ?bag", "Jewellery and Accessories > Accessories"),
    (r"bunting|balloon|party|cocktail|confetti|streamer|candle picks|birthday|bunting|paper chain|garland|pom pom|"
     r"wedding", [
        (r"card", "Cards and Wrap > Cards"),
        (r"", "Party > Decorations")]),
    (r"wrap|ribbon|gift tag|tissue|sticker|\btape\b|parcel|raffia|string", "Cards and Wrap > Wrap and Ribbon"),
    (r"card|postcard|envelope", [
        (r"playing|holder|box", "Toys and Games > Games"),
        (r"", "Cards and Wrap > Cards")]),
    (r"notebook|pen\b|pens\b|pencil|paper|journal|book|calendar|diary|eraser|ruler|crayon|chalk|stationery|magnet|"
     r"memo|clip|album|letter|stamp|calculator|blackboard|board|sketch", [
        (r"noticeboard|blackboard|memo board|chalkboard|magnet board", "Home > Signs and Boards"),
        (r"toilet|tissue", "Home > Bathroom"),
        (r"", "Stationery > Desk and Craft")]),
    (r"feltcraft|stencil|naughts|snakes|clay|\bcraft|drawing slate|paint set|"
     r"game|toy|doll|puzzle|jigsaw|skipping|dominoes|domino|ludo|jack|spinning|yoyo|marbles|soldier|robot|puppet|"
     r"teddy|soft|dinosaur|playhouse|farm|balls?\b|bingo|croquet|quoits|skittles|kite|circus|space ?boy|dolly|"
     r"building block|tattoo|inflatable|trumpet|whistle|harmonica|windmill|rocking horse|children|childs|baby|kids", [
        (r"union jack", "Home > Textiles"),
        (r"", "Toys and Games > Toys")]),
    (r"ornament|figurine|feather|fairy", "Home > Decorations"),
    (r"garden|plant|flower|herb|watering|bird|seed|trowel|hanging basket|pot\b|pots\b|trellis|vase|gnome|wreath|"
     r"bouquet|rose\b|posy|picnic|fork", "Garden > Garden and Plants"),
    (r"cushion|throw|blanket|quilt|rug|curtain|towel|tablecloth|runner|fabric|doormat|door mat|bean ?bag|patches|"
     r"patchwork|crochet|knitted", "Home > Textiles"),
    (r"sign|plaque|letter|wall art|block word|metal word|hook|hanger|knob|doorbell|door|mirror|thermometer|frame|"
     r"picture|print|clock|canvas|poster|number tile|photo", [
        (r"clock", "Home > Clocks"),
        (r"frame|photo|picture|mirror|canvas|print|poster|wall art", "Home > Frames and Pictures"),
        (r"hook|hanger|knob|door", "Home > Hooks and Doors"),
        (r"", "Home > Signs and Boards")]),
    (r"drawer|cabinet|box\b|boxes|basket|shelf|rack|holder|stand|trunk|chest|organiser|bin\b|crate|tidy|storage|cage|"
     r"cupboard|bucket|case", "Home > Storage"),
    (r"soap|bath|toothbrush|shower|toilet|tissues|lip|perfume|scent|plasters|first aid|fragrance|oil",
     "Home > Bathroom"),
    (r"heart|angel|decoration|ornament|star|butterfl|bells?\b|chime|mobile|feather|fairy|figurine|cat\b|dog\b|owl|"
     r"elephant|duck|hen\b", "Home > Decorations"),
    (r"chair|table|stool|bench|sofa|seat|furniture|screen", "Home > Furniture"),
    (r"key|money|passport|luggage|travel|torch|screwdriver|tool|sewing|tape measure|puncture|trinket|radio|camera|"
     r"piggy|bank|gift", "Gifts > Trinkets"),
]


def category_of(title):
    text = title.lower()
    for pattern, target in CATEGORIES:
        if re.search(pattern, text):
            if isinstance(target, str):
                return target
            return next(name for inner, name in target if re.search(inner, text))
    return "Gifts > More Gifts"


def readable(description):
    """'SET OF 3 CAKE TINS PANTRY DESIGN ' -> 'Set of 3 Cake Tins Pantry Design'."""
    text = re.sub(r"\s+", " ", description.strip().replace("\\", "")).strip(" ,.*")
    text = re.sub(r"^S/(\d+)", r"SET OF \1", text)
    text = re.sub(r"\s*,\s*", ", ", text)
    words = []
    for place, word in enumerate(text.split(" ")):
        low = word.lower()
        if low in AS_IS:
            words.append(word.upper())
        elif place and low in SMALL:
            words.append(low)
        else:
            words.append(re.sub(r"(^|[-/&(+\"])([a-z])", lambda m: m.group(1) + m.group(2).upper(), low))
    return " ".join(words)


def is_product(code):
    return re.match(r"^\d{5}", code) or code.startswith("DCGS")


def read_lines(path, cut):
    with gzip.open(path, "rt", encoding="utf-8") as source:
        next(source)
        for line in source:
            date, invoice, code, quantity, price, customer, country, description = line.rstrip("\n").split("\t")
            quantity, price, code = int(quantity), float(price), code.upper()
            cancelled = invoice.startswith("C")
            cut["lines in the source"] += 1
            if not is_product(code):
                cut["no product (postage, manual entries, fees, vouchers)"] += 1
            elif price <= 0:
                cut["no price (stock corrections, samples, write-offs)"] += 1
            elif cancelled != (quantity < 0):
                cut["the sign contradicts the invoice"] += 1
            elif abs(quantity) > QUANTITY_MAX:
                cut["more than 10,000 pieces"] += 1
            else:
                minute = int(datetime.datetime.fromisoformat(date + "+00:00").timestamp()) // 60
                yield minute, invoice, code, quantity, round(price * 100), customer, country, description


def without_tills(lines, cut):
    """A till's total joins the baskets of many people: its pairs were not bought together."""
    length = collections.Counter(invoice for _, invoice, _, _, _, customer, _, _ in lines if not customer)
    for line in lines:
        if length[line[1]] > GUEST_LINES_MAX and not line[5]:
            cut["a day's till: an invoice without a customer of more than 100 lines"] += 1
        else:
            yield line


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def pack(data):
    """gzip without a time, so that the same input gives the same bytes."""
    z = zlib.compressobj(9, zlib.DEFLATED, 31, 9)
    return z.compress(data) + z.flush()


def stock_of(code, weekly):
    """A made-up quantity: one in sixteen is sold out, the rest holds up to six weeks of what it sells."""
    dice = zlib.crc32(code.encode())
    if dice % 16 == 0:
        return 0
    return 2 + dice // 16 % max(10, int(weekly * 6))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: make_data.py online-retail.tsv.gz [OUTPUT_FOLDER]")
    folder = sys.argv[2] if len(sys.argv) == 3 else os.path.dirname(os.path.abspath(__file__))
    cut = collections.Counter()
    lines = list(without_tills(list(read_lines(sys.argv[1], cut)), cut))

    names, prices, sold, often = {}, {}, collections.Counter(), collections.Counter()
    for _, _, code, quantity, price, _, _, description in lines:
        often[code] += 1
        sold[code] += max(quantity, 0)
        prices.setdefault(code, collections.Counter())[price] += 1
        names.setdefault(code, collections.Counter())[description] += 1
    order = sorted(often, key=lambda code: (-often[code], code))
    index = {code: place for place, code in enumerate(order)}
    usual = {code: max(seen.items(), key=lambda kv: (kv[1], -kv[0]))[0] for code, seen in prices.items()}

    rows = []
    for code in order:
        title = readable(max(names[code].items(), key=lambda kv: (kv[1], kv[0]))[0])
        rows.append("\t".join([code, title, category_of(title), str(usual[code]),
                               str(stock_of(code, sold[code] / 53))]))

    invoices = {}
    for minute, invoice, code, quantity, price, customer, country, _ in lines:
        entry = invoices.setdefault(invoice, (minute, quantity < 0, customer, country, []))
        entry[4].append((index[code], abs(quantity), price))
    countries = [name for name, _ in collections.Counter(entry[3] for entry in invoices.values()).most_common()]

    head, items, quantities, exceptions = bytearray(), bytearray(), bytearray(), bytearray()
    before = min(entry[0] for entry in invoices.values())
    start, count = before, 0
    for minute, returned, customer, country, basket in sorted(invoices.values(), key=lambda entry: entry[0]):
        basket.sort()
        head += varint(minute - before) + varint(int(customer or 0)) + varint(countries.index(country) * 2 + returned)
        head += varint(len(basket))
        before, last = minute, 0
        for item, quantity, price in basket:
            items += varint(item - last)
            quantities += varint(quantity)
            exceptions += varint(0 if price == usual[order[item]] else price)
            last, count = item, count + 1
    sections = [bytes(head), bytes(items), bytes(quantities), bytes(exceptions)]
    text = "\n".join(countries).encode()
    body = b"AISLEDEMO1" + varint(start) + varint(len(invoices)) + varint(len(text)) + text
    body += b"".join(varint(len(section)) for section in sections) + b"".join(sections)

    for name, data in (("products.tsv.gz", "\n".join(rows).encode() + b"\n"), ("orders.bin.gz", body)):
        packed = pack(data)
        with open(os.path.join(folder, name), "wb") as out:
            out.write(packed)
        print(f"{name}: {len(packed):,} bytes ({len(data):,} unpacked)")
    for what, number in cut.items():
        print(f"{number:9,} {what}")
    print(f"{count:9,} lines kept, {len(invoices):,} invoices "
          f"({sum(entry[1] for entry in invoices.values()):,} cancelled), {len(order):,} products")


if __name__ == "__main__":
    main()
