"""Made-up personal data and keys, right by their check digits or wrong by one. Nothing here belongs to anybody.

Each generator takes a `random.Random` and gives a value; `WRONG` spoils its check digit where the kind has one. Keys
and tokens say that they are fake, and are put together at run time so that no file holds one."""

import base64, json, string

REGIONS = ["110101", "310115", "440305", "510107", "330106", "420111", "610113", "350203", "370202", "210211"]
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CODE_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


def digits(random, count):
    return "".join(random.choice(string.digits) for _ in range(count))


def resident_id(random):
    """GB 11643: region, date of birth, order, and a check character by ISO 7064 MOD 11-2."""
    day = f"{random.randint(1950, 2012)}{random.randint(1, 12):02}{random.randint(1, 28):02}"
    body = random.choice(REGIONS) + day + digits(random, 3)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, ID_WEIGHTS)) % 11]


def luhn_digit(body):
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def bank_card(random):
    prefix, length = random.choice([("622202", 19), ("621700", 19), ("622848", 19), ("625912", 16), ("4", 16), ("53", 16), ("37", 15)])
    body = prefix + digits(random, length - 1 - len(prefix))
    return body + luhn_digit(body)


def credit_code(random):
    """GB 32100: 17 characters and a check character modulo 31."""
    body = "91" + random.choice(REGIONS) + "MA" + "".join(random.choice(CODE_ALPHABET) for _ in range(7))
    total = sum(CODE_ALPHABET.index(c) * w for c, w in zip(body, CODE_WEIGHTS))
    return body + CODE_ALPHABET[(31 - total % 31) % 31]


def mobile(random):
    number = random.choice(["130", "138", "151", "159", "166", "177", "186", "188", "199", "135"]) + digits(random, 8)
    return random.choice([number, number, f"+86{number}", f"+86 {number}", f"{number[:3]}-{number[3:7]}-{number[7:]}", f"{number[:3]} {number[3:7]} {number[7:]}"])


def passport(random):
    return random.choice(["E" + digits(random, 8), "G" + digits(random, 8), "E" + random.choice("ABCDEFGHJK") + digits(random, 7)])


def plate(random):
    place = random.choice("京沪粤浙苏川鄂鲁津渝") + random.choice("ABCDEFGH")
    # GA 36: five characters, at most two of them letters, never I or O.
    tail = list(digits(random, 5))
    for at in random.sample(range(4), random.randint(0, 2)):
        tail[at] = random.choice("ABCDEFGHJKLMNPQRSTUVWXYZ")
    tail = "".join(tail)
    return place + random.choice([tail, tail, random.choice("DF") + digits(random, 5)])


def email(random):
    name = "".join(random.choice(string.ascii_lowercase) for _ in range(random.randint(3, 9)))
    return f"{name}{random.choice(['', '.test', '_' + digits(random, 2)])}@{random.choice(['example.com', 'mail.example.cn', 'example.org', 'qa-team.example.net'])}"


def ipv4(random):
    return random.choice(["192.0.2.", "198.51.100.", "203.0.113.", "10.20.30.", "172.16.5."]) + str(random.randint(1, 254))


def address(random):
    city = random.choice(["北京市海淀区", "上海市浦东新区", "广东省深圳市南山区", "浙江省杭州市西湖区", "四川省成都市武侯区", "湖北省武汉市洪山区"])
    street = random.choice(["中关村大街", "世纪大道", "科技南路", "文三路", "天府大道", "珞喻路", "人民路"])
    return f"{city}{street}{random.randint(1, 299)}号" + random.choice(["", f"{random.randint(1, 30)}号楼{random.randint(1, 6)}单元{random.randint(1, 20)}0{random.randint(1, 4)}室"])


def letters(random, count, alphabet=string.ascii_letters + string.digits):
    return "".join(random.choice(alphabet) for _ in range(count))


def aws_access_key(random):
    return "AK" + "IA" + "FAKE" + letters(random, 12, string.ascii_uppercase + "234567")


def github_token(random):
    return "gh" + random.choice("ps") + "_" + "FAKE" + letters(random, 32)


def api_key(random):
    return "s" + "k-" + "fake" + letters(random, 36) + digits(random, 4)


def jwt(random):
    part = lambda value: base64.urlsafe_b64encode(value).rstrip(b"=").decode()
    claims = {"sub": "fake-" + letters(random, 6), "exp": random.randint(10**9, 2 * 10**9)}
    return ".".join([part(b'{"alg":"HS256","typ":"JWT"}'), part(json.dumps(claims).encode()), part(random.randbytes(32))])


def private_key(random):
    rows = "\n".join(base64.b64encode(b"FAKE" + random.randbytes(44)).decode() for _ in range(6))
    return f"-----BEGIN {'PRIVATE'} KEY-----\n{rows}\n-----END {'PRIVATE'} KEY-----"


def next_digit(value, place):
    return value[:place] + str((int(value[place]) + 1) % 10) + value[place + 1 :]


def other_last(value, alphabet):
    return value[:-1] + next(c for c in alphabet if c != value[-1])


KINDS = {
    "resident-id": resident_id, "mobile": mobile, "bank-card": bank_card, "credit-code": credit_code, "passport": passport, "plate-number": plate,
    "email": email, "ipv4": ipv4, "address": address,
    "aws-access-key": aws_access_key, "github-token": github_token, "api-key": api_key, "jwt": jwt, "private-key": private_key,
}  # fmt: skip
SECRETS = ("aws-access-key", "github-token", "api-key", "jwt", "private-key")
# One character off: not what the kind says, though it looks like it.
WRONG = {
    "resident-id": lambda random: next_digit(resident_id(random), 16),
    "bank-card": lambda random: next_digit(bank_card(random), 9),
    "credit-code": lambda random: other_last(credit_code(random), "A7"),
    "mobile": lambda random: "12" + digits(random, 9),
    "ipv4": lambda random: f"{random.randint(260, 999)}.{random.randint(0, 255)}.{random.randint(300, 999)}.{random.randint(0, 255)}",
    "email": lambda random: random.choice(["user at example dot com", "@example", "name@", "@张三 收到"]),
}


def harmless(random):
    """What looks like a number of a person and is none."""
    year, month, day = random.randint(1990, 2030), random.randint(1, 12), random.randint(1, 28)
    return random.choice([
        f"{year}年{month}月{day}日", f"{year}-{month:02}-{day:02}", f"{year}{month:02}{day:02}{digits(random, 6)}", f"￥{random.randint(1, 99999)}.{digits(random, 2)}",
        f"${random.randint(1, 999)},{digits(random, 3)}.00", f"v{random.randint(0, 20)}.{random.randint(0, 99)}.{random.randint(0, 999)}", f"{random.randint(1, 9)}.{digits(random, 1)}.{digits(random, 2)}",
        f"SO{year}{digits(random, 10)}", f"ISBN 978-7-{digits(random, 4)}-{digits(random, 4)}-{digits(random, 1)}", f"{random.randint(1, 23)}:{digits(random, 1)}0:00", f"400-{digits(random, 3)}-{digits(random, 4)}",
        f"1{digits(random, 5)}", f"{random.randint(10, 99)}.{digits(random, 9)}", f"sha256:{letters(random, 64, '0123456789abcdef')}", f"GB/T {random.randint(1000, 49999)}.{random.randint(1, 9)}-{year}",
        f"第{random.randint(1, 999)}条", f"{random.randint(100, 999)}×{random.randint(100, 999)}", f"{digits(random, 1)}e{digits(random, 2)}", f"QQ群里{random.randint(2, 500)}个人",
    ])  # fmt: skip
