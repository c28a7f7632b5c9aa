# ruff: noqa: E501 - a table of patterns, one a line
"""What texts are about (topics) and what members want or miss (needs): patterns with names, by industry. Pure.

A topic is named by its words. A need is a finding of its own: “发货慢” is not about delivery only, it says what is wrong
with it. Patterns are regular expressions over small letters; Chinese ones allow a few characters between their parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from regulars.kit.text import Text

INDUSTRIES: dict[str, Text] = {
    "grocery": Text("食品生鲜", "Food and groceries"),
    "beauty": Text("美妆个护", "Beauty and care"),
    "fashion": Text("服饰", "Clothing"),
    "electronics": Text("数码家电", "Electronics"),
    "stay": Text("酒店出行", "Hotels and travel"),
    "books": Text("图书", "Books"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A topic or a need. `industry` "" is for everybody."""

    key: str
    name: Text
    pattern: str
    industry: str = ""


def _topic(key: str, zh: str, en: str, chinese: str, english: str, industry: str = "") -> Entry:
    return Entry(key, Text(zh, en), f"{chinese}|\\b(?:{english})", industry)


TOPICS: tuple[Entry, ...] = (
    _topic("delivery", "物流配送", "Delivery", "发货|物流|快递|配送|送货|送达|送餐|到货|运费", "deliver|shipping|shipped|courier|arriv"),
    _topic("packaging", "包装", "Packaging", "包装|破损|压坏|漏液|盒子|密封", "packag|box was|leak|dented"),
    _topic("price", "价格", "Price", "价格|便宜|太贵|好贵|价钱|性价比|划算|降价|优惠|折扣|实惠", "pric|cheap|expensive|worth|value for|discount"),
    _topic("quality", "品质", "Quality", "质量|品质|做工|正品|假货|掉漆|坏了|结实|耐用", "qualit|broke|sturdy|durab|fake|genuine"),
    _topic("service", "服务", "Service", "服务|客服|态度|店员|售后|店家|卖家|商家|前台", "service|staff|rude|friendly|helpful|support"),
    _topic("stock", "缺货断货", "Availability", "缺货|断货|没货|无货|补货|卖完|买不到", "out of stock|sold out|unavailable|restock"),
    _topic("returns", "退换", "Returns", "退货|换货|退款|退换|退掉", "refund|return(?:ed|s)? (?:it|the|this)|replacement|exchange"),
    _topic("looks", "外观", "Looks", "外观|外形|颜色|好看|漂亮|难看|设计|款式", "look|colou?r|design|beautiful|ugly|style"),
    _topic("taste", "口味", "Taste", "味道|口味|好吃|难吃|口感|香味|太甜|太咸|太酸|不甜", "tast|flavou?r|delicious|bland|sweet|salty", "grocery"),
    _topic("freshness", "新鲜度", "Freshness", "新鲜|烂了|坏果|腐烂|发霉|变质|过期|日期|蔫", "fresh|rotten|mou?ldy|expired|stale|spoil", "grocery"),
    _topic("portion", "分量", "Portion", "分量|份量|量大|量少|个头|大小|斤", "portion|small|size of", "grocery"),
    _topic("effect", "使用感受", "Effect", "效果|好用|不好用|控油|去屑|保湿|起泡|洗完|柔顺|掉发|头皮", "effect|moistur|dandruff|works well|lather|hair", "beauty"),
    _topic("scent", "气味", "Scent", "味儿|气味|香味|难闻|好闻|刺鼻|香气", "scent|smell|fragran|perfum", "beauty"),
    _topic("skin", "肤感", "Skin", "皮肤|敏感|过敏|发痒|刺激|长痘|肌肤", "skin|rash|itch|irritat|acne", "beauty"),
    _topic("fit", "尺码版型", "Fit", "尺码|尺寸|偏大|偏小|合身|版型|大了|小了|码", "fits?\\b|sizing|too (?:big|small|tight|loose)", "fashion"),
    _topic("fabric", "面料", "Fabric", "面料|布料|起球|掉色|褪色|透气|薄|厚", "fabric|material|pilling|fade|cotton", "fashion"),
    _topic("speed", "性能", "Performance", "速度|反应|卡顿|死机|运行|性能|配置|流畅|系统|驱动", "slow|lag|fast|crash|performance|freez", "electronics"),
    _topic("battery", "电池散热", "Battery and heat", "电池|续航|待机|发热|散热|充电|温度", "batter|charg|overheat|hot", "electronics"),
    _topic("screen", "屏幕声音", "Screen and sound", "屏幕|显示|亮点|音质|声音|喇叭|噪音", "screen|display|speaker|sound|noise", "electronics"),
    _topic("room", "房间", "Room", "房间|客房|床|卫生间|浴室|隔音|设施|热水", "room|bed|bathroom|shower|noisy", "stay"),
    _topic("place", "位置", "Location", "位置|交通|周边|附近|地铁|车站|地段", "location|station|walking distance|nearby", "stay"),
    _topic("breakfast", "餐饮", "Breakfast", "早餐|餐厅|自助|晚餐", "breakfast|buffet|restaurant", "stay"),
    _topic("content", "内容", "Content", "内容|作者|故事|书|翻译|文笔|情节|孩子看", "author|story|plot|book|translat|chapter", "books"),
)  # fmt: skip

NEEDS: tuple[Entry, ...] = (
    Entry("slow_delivery", Text("发货慢", "Slow delivery"),
          "(?:发货|物流|快递|配送|送货|送餐|送达|送得|到货)[^，。！]{0,6}(?:慢|太久|迟|晚|没到|没收到|好久)|(?:等了|过了)[^，。！]{0,6}(?:才送|才到|还没)"
          "|slow (?:delivery|shipping)|(?:arrived|delivered) late|took (?:weeks|forever|days) to"),
    Entry("fast_delivery", Text("送货快", "Fast delivery"),
          "(?:发货|物流|快递|配送|送货|送餐|送得|速度)[^，。！不]{0,4}(?:很快|挺快|真快|超快|快！|给力|迅速|及时)|fast (?:delivery|shipping)|quick(?:ly)? (?:delivery|delivered|arrived|shipping)"),
    Entry("damaged", Text("收到破损", "Arrived damaged"),
          "(?:收到|包装|打开|盒子|箱子|到手|来的时候)[^，。！]{0,8}(?:破|压坏|碎|漏|烂|坏了|裂|变形)|(?:arrived|came|was) (?:broken|damaged|crushed)"),
    Entry("missing", Text("少发漏发", "Items missing"),
          "少发|漏发|漏送|少送|没有?送|少了[一两二三几]|没给|missing (?:item|part|piece)|items? (?:was|were) missing"),
    Entry("too_dear", Text("觉得贵", "Too expensive"),
          "太贵|好贵|有点贵|偏贵|不值这?个?[价钱]|价格[^，。！不]{0,4}(?:高|贵)|不划算|too expensive|overpriced|not worth|pricey"),
    Entry("good_value", Text("性价比高", "Good value"),
          "性价比[^，。！不]{0,4}(?:高|不错|好|突出)|物美价廉|价廉物美|划算|实惠|(?:价格|价钱)[^，。！不]{0,3}(?:便宜|合适|公道)|good value|great price|worth (?:it|the|every)|bargain"),
    Entry("price_drop", Text("买完就降价", "Price fell after buying"),
          "降价|保价|(?:买了|买完|刚买)[^，。！]{0,10}(?:便宜|优惠|活动|降)|price (?:drop|went down)"),
    Entry("rude_service", Text("服务态度差", "Poor service"),
          "(?:态度|服务|客服|售后)[^，。！]{0,6}(?:差|恶劣|不好|太烂|冷淡|敷衍|不理|不耐烦|糟)|没人理|rude|(?:poor|bad|terrible|awful) (?:customer )?service|unhelpful"),
    Entry("good_service", Text("服务周到", "Good service"),
          "(?:态度|服务|客服)[^，。！不]{0,4}(?:很好|好|不错|周到|热情|耐心|一流)|(?:great|excellent|good|friendly) (?:customer )?(?:service|staff)"),
    Entry("want_restock", Text("希望补货", "Wants it back in stock"),
          "希望[^，。！]{0,8}(?:补货|有货)|(?:什么|啥)时候[^，。！]{0,6}(?:有货|补货|到货)|买不到|back in stock|sold out|out of stock"),
    Entry("want_smaller", Text("希望小包装", "Wants smaller packs"),
          "(?:希望|要是|最好|建议)[^，。！]{0,10}(?:小包装|小瓶|小份|独立包装)|smaller (?:pack|size|portion)"),
    Entry("not_as_shown", Text("与描述不符", "Not as described"),
          "(?:和|跟|与)(?:图片|描述|介绍|宣传|网上|照片)[^，。！]{0,6}(?:不符|不一样|不同|差)|图文不符|货不对版|色差|not as (?:described|pictured|advertised)|misleading"),
    Entry("fake", Text("怀疑正品", "Doubts it is genuine"),
          "假货|假的|不是正品|山寨|像是假|冒牌|\\bfake\\b|counterfeit|not genuine"),
    Entry("easy_return", Text("退换难", "Hard to return"),
          "(?:退货|换货|退款|退换|售后)[^，。！]{0,8}(?:难|麻烦|不给|拒绝|不退|推|拖)|不给(?:退|换)|(?:won'?t|refused to|hard to) (?:refund|return|replace)"),
    Entry("come_back", Text("会再来", "Will come back"),
          "(?:下次|还会|会再|以后|继续)[^，。！不没]{0,6}(?:再来|再买|购买|光顾|回购|入住|还来|还会|买|住)|回头客|(?:buy|order|come|stay|use) (?:it |this |here )?again|will be back|repeat customer"),
    Entry("never_again", Text("不会再来", "Will not come back"),
          "(?:不会|不想|再也不|绝不|不敢)[^，。！]{0,4}(?:再来|再买|再去|购买|光顾|来了|买了|住了|去了)|never (?:again|buying|order|going)|won'?t (?:be back|buy|order|return)|last time i"),
    Entry("recommend", Text("愿意推荐", "Would recommend"),
          "(?:推荐|值得)(?:购买|给|大家|一看|入手|拥有|入住)|强烈推荐|推荐(?!人)[！。]|(?<!not )(?:highly )?recommend(?:ed)?\\b"),
    Entry("not_fresh", Text("不新鲜", "Not fresh"),
          "不新鲜|不够新鲜|烂了|坏了[一几好两]|坏果|烂果|腐烂|发霉|变质|过期|蔫了|rotten|mou?ldy|expired|not fresh|spoil", "grocery"),
    Entry("low_sugar", Text("想要低糖少盐", "Wants less sugar or salt"),
          "太甜|齁甜|甜得|太咸|好咸|低糖|无糖|少糖|少盐|控糖|减脂|too (?:sweet|salty)|(?:less|low|no) (?:sugar|salt|sodium)|sugar[- ]free", "grocery"),
    Entry("small_portion", Text("分量少", "Portions too small"),
          "(?:份量|分量|量)[^，。！]{0,3}(?:少|小|不足|不够)|缺斤少两|不够吃|small portion|portions? (?:is|are|was|were) (?:too )?(?:small|tiny)", "grocery"),
    Entry("for_children", Text("给孩子买", "Buys for children"),
          "(?:给|为)?(?:孩子|宝宝|小孩|儿子|女儿|小朋友|娃)[^，。！]{0,6}(?:喜欢|爱|吃|喝|看|用|穿|玩)|(?:my|our|the) (?:kids?|children|son|daughter|baby|toddler)", ""),
    Entry("for_elders", Text("给父母买", "Buys for parents"),
          "(?:给|帮)(?:爸|妈|父母|老人|老爸|老妈|爷爷|奶奶)|(?:for|to) my (?:mum|mom|dad|mother|father|parents|grand)", ""),
    Entry("sensitive_skin", Text("适合敏感肌", "Sensitive skin"),
          "敏感肌|敏感皮|皮肤敏感|温和不刺激|不刺激|过敏|发红|刺痛|sensitive skin|irritat|allerg|rash", "beauty"),
    Entry("oily_hair", Text("控油去屑", "Oil and dandruff control"),
          "控油|去屑|头皮屑|头皮痒|油头|出油|dandruff|oily (?:hair|skin|scalp)", "beauty"),
    Entry("hair_loss", Text("担心脱发", "Worries about hair loss"), "掉发|脱发|掉头发|头发掉|防脱|hair (?:loss|fall)|thinning hair", "beauty"),
    Entry("size_off", Text("尺码不准", "Sizes are off"),
          "(?:尺码|码数|尺寸|号)[^，。！]{0,5}(?:不准|偏大|偏小|不对|不合|大了|小了)|(?:偏大|偏小)|(?:买|穿)[^，。！]{0,4}(?:大了|小了)|runs (?:small|large|big)|too (?:tight|loose|small|big)", "fashion"),
    Entry("pilling", Text("起球掉色", "Pills or fades"), "起球|掉色|褪色|缩水|脱线|pilling|fad(?:ed|es)|shrunk|shrink", "fashion"),
    Entry("overheats", Text("发热噪音", "Runs hot or loud"),
          "发热|发烫|很烫|太热|散热[^，。！]{0,4}(?:差|不好|不行|一般)|噪音[^，。！]{0,4}(?:大|明显)|overheat|gets hot|noisy|loud fan", "electronics"),
    Entry("short_battery", Text("续航短", "Short battery life"),
          "(?:电池|续航|待机)[^，。！]{0,8}(?:短|差|不行|不够|不耐|少)|掉电快|battery (?:life )?(?:is |was )?(?:short|bad|poor|terrible|dies|drain)", "electronics"),
    Entry("quiet_room", Text("需要安静", "Wants it quiet"), "隔音[^，。！]{0,4}(?:差|不好|不行)|太吵|吵死|很吵|噪音大|noisy|thin walls", "stay"),
    Entry("clean_room", Text("卫生差", "Not clean"), "(?:房间|床单|毛巾|浴室|卫生间)[^，。！]{0,6}(?:脏|霉|臭|异味|不干净)|卫生[^间，。！]{0,4}(?:差|不好|堪忧)|dirty|filthy|stain|smelly", "stay"),
)  # fmt: skip


@lru_cache(maxsize=64)
def _compiled(industries: frozenset[str]) -> tuple[tuple[tuple[str, re.Pattern[str]], ...], ...]:
    return tuple(
        tuple(
            (entry.key, re.compile(entry.pattern))
            for entry in entries
            if not entry.industry or entry.industry in industries
        )
        for entries in (TOPICS, NEEDS)
    )


def topics_and_needs(text: str, industries: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The topics a text touches and the needs it tells, those of these industries and of everybody."""
    small = text.lower()[:2000]
    topics, needs = (
        tuple(key for key, pattern in entries if pattern.search(small)) for entries in _compiled(industries)
    )
    return topics, needs


def name_of(key: str) -> Text:
    """A topic's or need's name; the key itself where there is none any more."""
    return _NAMES.get(key, Text(key, key))


def is_known(words: str, industries: frozenset[str]) -> bool:
    """Whether a phrase touches what the lexicon has already."""
    return any(topics_and_needs(words, industries))


_NAMES = {entry.key: entry.name for entry in (*TOPICS, *NEEDS)}
