"""Chinese words for what the shopping history names in English; what is missing here keeps its English."""

from __future__ import annotations

from regulars.kit.text import Text

# The categories with the most lines, and with them nine lines in ten.
CATEGORIES = {
    "SOFT DRINKS": "软饮料",
    "FLUID MILK PRODUCTS": "牛奶",
    "BAKED BREAD/BUNS/ROLLS": "面包",
    "CHEESE": "奶酪",
    "BAG SNACKS": "袋装零食",
    "FRZN MEAT/MEAT DINNERS": "冷冻肉类正餐",
    "BEEF": "牛肉",
    "SOUP": "汤料",
    "YOGURT": "酸奶",
    "FROZEN PIZZA": "冷冻披萨",
    "VEGETABLES - SHELF STABLE": "蔬菜罐头",
    "COLD CEREAL": "即食麦片",
    "CANDY - CHECKLANE": "收银台糖果",
    "TROPICAL FRUIT": "热带水果",
    "LUNCHMEAT": "午餐肉",
    "CANDY - PACKAGED": "袋装糖果",
    "REFRGRATD JUICES/DRNKS": "冷藏果汁饮料",
    "CRACKERS/MISC BKD FD": "饼干",
    "CANNED JUICES": "罐装果汁",
    "ICE CREAM/MILK/SHERBTS": "冰淇淋",
    "COUPON/MISC ITEMS": "优惠券及其他",
    "EGGS": "鸡蛋",
    "BAKED SWEET GOODS": "甜点烘焙",
    "DELI MEATS": "熟食肉类",
    "HISPANIC": "拉美食品",
    "CONDIMENTS/SAUCES": "调味酱料",
    "FRZN VEGETABLE/VEG DSH": "冷冻蔬菜",
    "MILK BY-PRODUCTS": "乳制品",
    "MEAT - SHELF STABLE": "肉类罐头",
    "CONVENIENT BRKFST/WHLSM SNACKS": "早餐与健康零食",
    "COOKIES/CONES": "曲奇",
    "FRUIT - SHELF STABLE": "水果罐头",
    "DRY BN/VEG/POTATO/RICE": "干豆与米",
    "SALD DRSNG/SNDWCH SPRD": "沙拉酱",
    "WATER - CARBONATED/FLVRD DRINK": "气泡水与风味水",
    "VEGETABLES - ALL OTHERS": "其他蔬菜",
    "BABY FOODS": "婴儿食品",
    "DINNER MXS:DRY": "正餐调料包",
    "REFRGRATD DOUGH PRODUCTS": "冷藏面团",
    "SALAD MIX": "沙拉菜",
    "CHICKEN": "鸡肉",
    "BAKING MIXES": "烘焙预拌粉",
    "BEERS/ALES": "啤酒",
    "DRY NOODLES/PASTA": "面条与意面",
    "ONIONS": "洋葱",
    "CAT FOOD": "猫粮",
    "POTATOES": "土豆",
    "TOMATOES": "番茄",
    "FRZN NOVELTIES/WTR ICE": "雪糕冰棍",
    "PASTA SAUCE": "意面酱",
    "APPLES": "苹果",
    "MARGARINES": "人造黄油",
    "FD WRAPS/BAGS/TRSH BG": "保鲜膜与垃圾袋",
    "BATH TISSUES": "卫生纸",
    "BAKING NEEDS": "烘焙用料",
    "CHEESES": "奶酪切块",
    "PWDR/CRYSTL DRNK MX": "冲调饮品",
    "PORK": "猪肉",
    "COFFEE": "咖啡",
    "PNT BTR/JELLY/JAMS": "花生酱与果酱",
    "SPICES & EXTRACTS": "香辛料",
    "BREAKFAST SAUSAGE/SANDWICHES": "早餐香肠",
    "DOG FOODS": "狗粮",
    "GREETING CARDS/WRAP/PARTY SPLY": "贺卡与派对用品",
    "BEANS - CANNED GLASS & MW": "豆类罐头",
    "HAIR CARE PRODUCTS": "洗护发",
    "HOT DOGS": "热狗肠",
    "CIGARETTES": "香烟",
    "CITRUS": "柑橘",
    "DINNER SAUSAGE": "正餐香肠",
    "ISOTONIC DRINKS": "运动饮料",
    "BERRIES": "浆果",
    "BACON": "培根",
    "VEGETABLES SALAD": "沙拉蔬菜",
    "SUGARS/SWEETNERS": "糖与甜味剂",
    "PAPER TOWELS": "厨房纸",
    "FRZN BREAKFAST FOODS": "冷冻早餐",
    "PAPER HOUSEWARES": "纸质家居用品",
    "GRAPES": "葡萄",
    "ORAL HYGIENE PRODUCTS": "口腔护理",
    "FROZEN MEAT": "冻肉",
    "HOUSEHOLD CLEANG NEEDS": "家居清洁",
    "PEPPERS-ALL": "辣椒与甜椒",
    "SALAD BAR": "沙拉吧",
    "DRY MIX DESSERTS": "甜品粉",
    "MAGAZINE": "杂志",
    "FRZN POTATOES": "冷冻薯条",
    "SEAFOOD - FROZEN": "冷冻海鲜",
    "BREAD": "新鲜面包",
    "LAUNDRY DETERGENTS": "洗衣液",
    "SEAFOOD - SHELF STABLE": "海鲜罐头",
    "SHORTENING/OIL": "食用油",
    "BREAKFAST SWEETS": "早餐甜点",
    "CARROTS": "胡萝卜",
    "FROZEN PIE/DESSERTS": "冷冻派与甜点",
    "DISHWASH DETERGENTS": "洗洁精",
    "DOMESTIC WINE": "葡萄酒",
    "BUTTER": "黄油",
    "DIAPERS & DISPOSABLES": "纸尿裤",
    "MUSHROOMS": "蘑菇",
    "FUEL": "汽油",
    "MELONS": "瓜类",
    "TEAS": "茶",
}

# Brackets of the survey of 801 households, as custom fields: key → (name, source column, value → label).
DEMOGRAPHICS: dict[str, tuple[Text, str, dict[str, Text]]] = {
    "age_band": (
        Text("年龄段", "Age band"),
        "age",
        {
            "19-24": Text("19–24 岁", "19–24"),
            "25-34": Text("25–34 岁", "25–34"),
            "35-44": Text("35–44 岁", "35–44"),
            "45-54": Text("45–54 岁", "45–54"),
            "55-64": Text("55–64 岁", "55–64"),
            "65+": Text("65 岁以上", "65 and over"),
        },
    ),
    "income_band": (
        Text("家庭年收入（千美元）", "Household income (thousand US$)"),
        "income",
        {
            "Under 15K": Text("15 以下", "under 15"),
            **{
                f"{band}K": Text(band.replace("-", "–"), band.replace("-", "–"))
                for band in (
                    "15-24", "25-34", "35-49", "50-74", "75-99", "100-124", "125-149", "150-174", "175-199", "200-249"
                )
            },
            "250K+": Text("250 以上", "250 and over"),
        },
    ),
    "home": (
        Text("住房", "Home"),
        "home_ownership",
        {
            "Homeowner": Text("自有", "owner"),
            "Renter": Text("租房", "renter"),
            "Probable Homeowner": Text("可能自有", "probably owner"),
            "Probable Renter": Text("可能租房", "probably renter"),
        },
    ),
    "marital_status": (
        Text("婚姻状况", "Marital status"),
        "marital_status",
        {"Married": Text("已婚", "married"), "Unmarried": Text("未婚", "unmarried")},
    ),
    "household_size": (
        Text("家庭人数", "Household size"),
        "household_size",
        {
            **{n: Text(f"{n} 人", n) for n in ("1", "2", "3", "4")},
            "5+": Text("5 人以上", "5 and more"),
        },
    ),
    "household_type": (
        Text("家庭类型", "Household type"),
        "household_comp",
        {
            "1 Adult Kids": Text("单亲有孩", "1 adult with kids"),
            "1 Adult No Kids": Text("单人", "1 adult, no kids"),
            "2 Adults Kids": Text("夫妻有孩", "2 adults with kids"),
            "2 Adults No Kids": Text("夫妻无孩", "2 adults, no kids"),
        },
    ),
    "kids": (
        Text("孩子数", "Kids"),
        "kids_count",
        {
            "0": Text("无", "none"),
            "1": Text("1 个", "1"),
            "2": Text("2 个", "2"),
            "3+": Text("3 个以上", "3 and more"),
        },
    ),
}  # fmt: skip

REGIONS = {
    "north": Text("北区（示范）", "North (demo)"),
    "east": Text("东区（示范）", "East (demo)"),
    "south": Text("南区（示范）", "South (demo)"),
    "west": Text("西区（示范）", "West (demo)"),
}


# What members call the departments that coupons are for.
DEPARTMENTS = {
    "GROCERY": Text("食品杂货", "groceries"),
    "DRUG GM": Text("日化百货", "drugstore and household"),
    "MEAT": Text("鲜肉", "fresh meat"),
    "MEAT-PCKGD": Text("包装肉类", "packaged meat"),
    "SEAFOOD-PCKGD": Text("包装水产", "packaged seafood"),
    "PRODUCE": Text("生鲜果蔬", "fresh produce"),
    "NUTRITION": Text("营养保健", "nutrition"),
    "COSMETICS": Text("美妆", "cosmetics"),
    "DELI": Text("熟食", "deli"),
}


def choice_value(raw: str) -> str:
    """A bracket of the survey as the value of a choice: `65+` → `65_up`, `2 Adults Kids` → `2_adults_kids`."""
    return raw.replace("+", "_up").replace(" ", "_").lower()


def product_name(category: str | None, department: str | None) -> str:
    """What a line is called: Chinese and English category."""
    raw = category or department or ""
    english = raw.title() if raw else "Item"
    chinese = CATEGORIES.get(raw)
    return f"{chinese} {english}" if chinese else english
