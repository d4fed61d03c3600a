"""What is asked of the sandbox is not "noted": it says what it is. What is told is kept."""

from sandbox.chat.reply import reply

ASKED = """
幫我寫一首詩
請翻譯這句話：我愛你
翻譯成英文：今天天氣很好
寫一首關於海的詩
給我一個蛋糕食譜
推薦三本書
解釋量子力學
把這段文字改寫得更正式
列出十個城市
介紹一下台灣
想一個標題
畫一隻貓
唱一首歌
說個笑話
講個故事
可以幫我寫一封信嗎
我想要一份旅遊計畫
我需要一篇關於AI的文章
麻煩你幫我看一下這段程式
告訴我怎麼煮飯
分析這份數據
比較蘋果和橘子
用Python寫一個排序
修正這個句子的文法
總結這篇文章
帮我写一首诗
请翻译这句话：我爱你
翻译成英文：今天天气很好
写一首关于海的诗
讲个笑话
给我一个蛋糕食谱
推荐三本书
解释量子力学
介绍一下上海
我想要一份旅游计划
把下面的话翻译成日语：你好吗
润色这段文字
续写这个故事
生成一份周报
查一下天气
今天天氣如何
天氣預報
繼續
继续
再試一次
換個說法
短一點
更正式一點
write me a poem
translate this to French: I love you
Translate "good morning" into German
tell me a joke
I want a poem about the sea
I need a birthday message for my boss
I'd like you to write a poem
Could you write a poem
Poem about the sea please
a haiku about autumn
continue
go on
try again
make it shorter
shorter please
rewrite this more formally: hey guys
improve this sentence: me go home
correct my grammar: he go to school
proofread this
brainstorm names for a bakery
recommend a movie
suggest three names
plan a trip to Japan
outline an essay on bees
draft an email to my boss
compose a song
let's play chess
Let's write a story together
sort these numbers: 3 1 2
define entropy
analyze this data: 1,2,3
think of a number
pretend you are a pirate
act as a linux terminal
you are a pirate, talk like one
answer in French
speak French
respond with one word
Please write a haiku.
Hey, write a haiku
ok, now write it in Python
now in Spanish
and in Spanish?
help me with my homework
help me fix this bug
build a website
design a logo
implement quicksort in C
debug this: print(
search the web for cats
look up the weather in Paris
remind me to call mum tomorrow
set a timer for 5 minutes
send an email to Bob
open the door
turn this into a table: a b c
turn off the lights
run the tests
read this file
check my spelling: teh
quote me something from Shakespeare
name three colors
pick a card
choose one: tea or coffee
guess my age
role play as a doctor
show me a picture of a cat
weather in Paris
capital of France
the capital of France
synonyms for happy
meaning of life
thoughts on remote work
tips for sleeping better
recipe for pancakes
difference between cats and dogs
best laptop 2024
lorem ipsum
把它翻成日文
請用三句話總結
幫忙想五個店名
寫封道歉信
寫程式計算質數
能不能寫一首詩
作一首詩
編一個故事
扮演一位醫生
潤飾這封信
校對以下文字
說一個故事
告诉我巴黎的天气
帮忙翻译
出一道數學題
安排一個三天行程
來一首唐詩
加油
太好了
不錯
好的
哈哈
測試
test
testing 123
ok
cool
great job
that's wrong
no, shorter
yes please
not like that
that's not what I asked
this is wrong, try again
more
another one
next
make the sun bigger
same but in blue
Make me laugh
Give an example
Convert 5 apples into a story
teach me guitar
quiz me on history
sum up the article
grade my essay
invent a word
count to ten
spell banana
pros and cons of electric cars
rank these cities: Paris, Rome
create table users
select * from users
def f(x): return x
hello world in rust
rhyme with orange
fill in the blank: the sky is ___
complete: the quick brown fox
tl;dr
ELI5 black holes
elaborate
expand on that
in one sentence
as a table
in Chinese please
translate: the cat is on the mat
rewrite: the results are good
Summarize: Bees are insects. They make honey.
Here is my essay, improve it
My essay needs a better title, suggest one
""".strip().splitlines()

TOLD = """
記住：部署在星期五
我喜歡藍色
我住在台北
我的狗叫小黑
請記得明天開會
我寫了一首詩
我昨天翻譯了一本書
我们用 Postgres
预算是五百
我妹妹在上海工作
the deploy is on Friday
remember that the deploy is on Friday
my favourite colour is teal
we use Postgres
I live in Paris
I like writing poems
I wrote a poem yesterday
my sister translates books
Our team plans to ship in May
I have two cats
Ada works in Berlin
please remember to write tests
note: the door code is 1234
the meeting moved to Tuesday
I'm learning Python
I need glasses to read
I want to move to Spain
Bob recommends the blue one
The plan is to build a boat
lunch is at noon
專案叫鳳凰
會議在三樓
他喜歡茶
她是我的老闆
我們的客戶來自日本
明天我要去高雄
密碼沒有改
我不吃辣
小王負責測試
開會改到週五
老板姓陈
我今年三十岁
服务器在法兰克福
我是素食者
我有兩個小孩
the server is in Frankfurt
Our boss is called Chen
I am vegetarian
I have a meeting at 5
We decided to go with plan B
the release got delayed
My wife speaks Dutch
Python is my favourite language
He lives next door
John will join on Monday
I can't eat nuts
The backup runs at night
our office closes at six
Yesterday we shipped version 2
there are 12 of us
I wrote the report
I drew a picture yesterday
don't forget the milk
remember: write the report
""".strip().splitlines()

NOTED = ("Noted", "記住了", "记住了")


def test_what_it_can_not_do_is_not_noted() -> None:
    """Requests, catchwords and what is no statement are never answered as if they were facts."""
    assert [text for text in ASKED if reply([("user", text)]).startswith(NOTED)] == []


def test_what_it_can_not_do_is_said_with_what_to_do() -> None:
    """In the asker's script: that it is a sandbox, and which setting connects a real API."""
    for text, words in {
        "write me a poem": "offline sandbox",
        "翻譯成英文：今天天氣很好": "離線沙盒",
        "幫我寫一首詩": "離線沙盒",
        "帮我写一首诗": "离线沙盒",
        "请翻译这句话：我爱你": "离线沙盒",
    }.items():
        answer = reply([("user", text)])
        assert words in answer
        assert "AIMODELS_API_KEY" in answer


def test_what_is_told_is_noted() -> None:
    """Statements are kept, and those that ask to be remembered."""
    assert [text for text in TOLD if not reply([("user", text)]).startswith(NOTED)] == []


def test_what_an_order_is_about_is_no_fact() -> None:
    """The text to be worked on is not what somebody tells of themselves."""
    assert "AIMODELS_API_KEY" in reply([("user", "Translate: The deploy is on Friday. We use Postgres.")])


def test_a_text_to_be_summarised_is_summarised() -> None:
    """The text that comes with the order, not the conversation."""
    text = "Summarise: We ship on Friday. The release needs a review. Somebody ate my cake."
    assert "The release needs a review." in reply([("user", text)])
