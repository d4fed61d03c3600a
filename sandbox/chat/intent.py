"""Classification of sentences as questions, orders or statements. A sentence may be none of them for certain."""

import re

_QUESTION = re.compile(
    r"(?i)[?？]\s*$|^(?:and |so |but )?(?:what|who|whom|whose|when|where|which|why|how|is|are|do|does|"
    r"did|can|could|will|would|should|tell me)\b"
    r"|什麼|什么|甚麼|誰|谁|哪|幾|几|多少|嗎|吗|怎麼|怎么|怎樣|怎样|如何|為什麼|为什么|為何|为何|何時|何时|呢"
    r"|有沒有|有没有|是不是|能不能|可不可以|可以(?:幫|帮|請|请|給|给)"
)
_ORDER = re.compile(
    r"(?ix)^(?:(?:ok(?:ay)?|now|then|and|so|well|hey|hi|hello|also|just|kindly|please|(?:can|could|would|will)\ you)\b"
    r"[\s,]*)*"
    r"(?:write|draw|make|create|generate|compose|draft|rewrite|rephrase|paraphrase|continue|finish|complete|explain"
    r"|define|describe|tell|give|show|translate|summari[sz]e|shorten|recap|find|compare|calculate|compute|convert|add"
    r"|fix|correct|improve|polish|edit|proofread|check|review|debug|analy[sz]e|evaluate|solve|say|sing|paint|imagine"
    r"|pretend|act|roleplay|speak|answer|reply|respond|talk|recommend|suggest|brainstorm|help|remind|send|search|look"
    r"|let['’]?s|let\ us|try|think|read|choose|guess|list|stop|go\ on|implement|you\ (?:are|should|must|will|have\ to)"
    r"|i(?:['’]d|\ would)\ like|i\ (?:want|need)\ (?:you|an?|some|help|the|this|that)|i\ was\ hoping)\b"
    r"|\bplease\b[.!]*$"
    r"|^(?:no,?\ )?(?:that|this|it)(?:['’]s|\ is|\ was)\ (?:not\ what|wrong|incorrect|bad|good|great|better|nice|too)\b"
)
_CHINESE_ORDER = re.compile(
    r"^(?:那|好|好的|嗨|你好|現在|现在|然後|然后|接著|接着|再|先)?[，, ]*(?:"
    r"請|请|幫|帮|麻煩|麻烦|拜託|拜托|勞駕|劳驾|給|给|讓我|让我|替我|為我|为我|把|將|将|用|以|繼續|继续|再|換|换|改寫|改写|改得|改成"
    r"|寫|写|翻|譯|译|畫|画|唱|講|讲|說說|说说|說個|说个|說一|说一|念|想一|想個|想个|推薦|推荐|建議|建议|解釋|解释|說明|说明|介紹|介绍"
    r"|列|舉|举|分析|比較|比较|總結|总结|摘要|修正|修改|潤|润|續|续|生成|產生|产生|製作|制作|設計|设计|規劃|规划|計畫一|计划一|查|找|搜|算"
    r"|告訴我|告诉我|教我|提醒|試|试|扮演|假裝|假装|假設|假设|模仿|評|评|選|选|猜|做一|做個|做个|來一|来一|來個|来个|起個|起个|取個|取个"
    r"|你是一|你要|你來|你来|你可以|我(?:想要|想請|想请|想讓|想让|想問|想问|想知道)|我(?:需要|要)(?:一|你|個|个|幫|帮))"
    r"|(?:請|请)(?:你|您|問|问|介|幫|帮|寫|写|解|告|翻)|(?:幫|帮)我.{0,6}(?:一下|看|寫|写)"
)
# A subject, or a verb in a form that tells.
_TELLS = re.compile(
    r"(?i)^(?:(?:and|so|but|yes|no|also|fyi|well|actually|today|tomorrow|yesterday|btw)\b[\s,:]*)*"
    r"(?:i|i['’](?:m|ve|ll)|we|we['’](?:re|ve|ll)|he|she|they|they['’]re|it['’]s|there['’]s|my|our|his|her|"
    r"their)\s+\w"
    r"|^[^,:;]*\w\s+(?:is|are|was|were|am|has|have|had|isn['’]t|aren['’]t|wasn['’]t|will|won['’]t|can['’]t|doesn['’]t|"
    r"don['’]t|didn['’]t|starts?|ends|begins|opens|closes|costs?|takes|needs|uses|works|lives|likes|loves|hates|goes|"
    r"comes|means|happens|knows|owns|runs|wants|says|thinks|prefers|recommends|belongs|became|went|came|left|met|got|"
    r"made|said|told|bought|won|lost|\w{2,}ed)\b"
)
_CHINESE_TELLS = re.compile(
    r"^(?:我|他|她|它|咱|這|这|那)|[^\s，,](?:是|在|有|叫|住|姓|喜歡|喜欢|討厭|讨厌|愛|爱|用|會|会|要|需要|改到|改成|改為|改为|等於|等于|"
    r"負責|负责|打算|準備|准备|參加|参加|已|剛|刚|沒|没|不|說|说|來自|来自|屬於|属于|到|於|于|比|跟|和.{1,8}一起)|了[。！!]?$"
)


def is_question(sentence: str) -> bool:
    """Whether the sentence expects an answer."""
    return bool(_QUESTION.search(sentence))


def is_order(sentence: str) -> bool:
    """Whether the sentence orders something to be done."""
    clauses = re.split("[,;] ", sentence)
    return any(map(_ORDER.search, clauses)) or bool(_CHINESE_ORDER.search(sentence))


def is_statement(sentence: str) -> bool:
    """Whether the sentence certainly states something: no question, no order, no mere catchword."""
    verb = _TELLS.search(sentence) or _CHINESE_TELLS.search(sentence)
    return bool(verb) and not is_question(sentence) and not is_order(sentence)
