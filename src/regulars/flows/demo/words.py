"""Chinese words for what the shopping history names in English; what is missing here keeps its English."""

from __future__ import annotations

from regulars.flows.demo.category_names import CATEGORIES
from regulars.kit.text import Text

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
    name = CATEGORIES.get(raw)
    return f"{name.zh} {name.en}" if name else raw.title() or "Item"
