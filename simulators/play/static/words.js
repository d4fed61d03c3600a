// The page's own words, in the language of the browser or the one that was chosen.
const KEPT = "play-language";
export const LANGUAGES = { en: "English", "zh-Hant": "繁體中文", "zh-Hans": "简体中文" };

/** English, Traditional Chinese, Simplified Chinese; values in {braces} are filled in. */
const WORDS = [
  ["Play", "試用", "试用"],
  ["Slack-like", "類 Slack", "类 Slack"],
  ["Discord-like", "類 Discord", "类 Discord"],
  ["Cockpit", "控制台", "控制台"],
  ["Skip to the message field", "跳到訊息欄", "跳到消息栏"],
  ["Platforms", "平台", "平台"],
  ["You are", "你是", "你是"],
  ["{name} (administrator)", "{name}（管理員）", "{name}（管理员）"],
  ["Language", "語言", "语言"],
  ["Channels", "頻道", "频道"],
  ["Direct messages", "私訊", "私信"],
  ["Direct messages and apps", "私訊與應用程式", "私信与应用"],
  ["(new)", "（新）", "（新）"],
  ["Messages", "訊息", "消息"],
  ["Messages of the thread", "討論串的訊息", "消息列的消息"],
  ["Thread", "討論串", "消息列"],
  ["New message", "新訊息", "新消息"],
  ["Message", "訊息", "消息"],
  ["Reply", "回覆", "回复"],
  ["Send", "傳送", "发送"],
  ["Cancel", "取消", "取消"],
  ["Save", "儲存", "保存"],
  ["Submit", "提交", "提交"],
  ["Use", "使用", "使用"],
  ["Yes", "是", "是"],
  ["Suggestions", "建議", "建议"],
  ["Attach files", "附加檔案", "附加文件"],
  ["Say it: a voice message", "說出來：語音訊息", "说出来：语音消息"],
  ["A voice message has at most {most} characters here.", "這裡的語音訊息最多 {most} 個字。", "这里的语音消息最多 {most} 个字。"],
  ["The sandbox can't speak now: it answered {status}.", "沙盒現在不能說話：它回了 {status}。", "沙盒现在不能说话：它回了 {status}。"],
  ["Remove {name}", "移除 {name}", "移除 {name}"],
  ["app", "應用程式", "应用"],
  ["group", "群組", "群组"],
  ["file", "檔案", "文件"],
  ["Picture", "圖片", "图片"],
  ["Media", "媒體", "媒体"],
  ["More", "更多", "更多"],
  ["More actions", "更多動作", "更多操作"],
  ["Choose", "選擇", "选择"],
  ["(optional)", "（選填）", "（可选）"],
  ["True", "是", "是"],
  ["False", "否", "否"],
  ["unknown", "未知", "未知"],
  ["Write @{name} and a question, or / for the commands.", "寫下 @{name} 與問題，或輸入 / 查看指令。", "写下 @{name} 和问题，或输入 / 查看命令。"],
  ["Write a question, or / for the commands.", "寫下問題，或輸入 / 查看指令。", "写下问题，或输入 / 查看命令。"],
  ["{command} is not supported in threads. Sorry!", "抱歉，討論串裡不支援 {command}。", "抱歉，消息列里不支持 {command}。"],
  ["Reply in thread", "在討論串回覆", "在消息列中回复"],
  ["React with 👍", "以 👍 回應", "用 👍 回应"],
  ["Edit", "編輯", "编辑"],
  ["Delete", "刪除", "删除"],
  ["Dismiss", "關閉", "关闭"],
  ["Edit your message", "編輯你的訊息", "编辑你的消息"],
  ["Only visible to you", "只有你看得到", "只有你能看到"],
  ["Only you can see this", "只有你看得到", "只有你能看到"],
  ["(edited)", "（已編輯）", "（已编辑）"],
  ["is being written", "正在寫", "正在写"],
  ["1 reply", "1 則回覆", "1 条回复"],
  ["{count} replies", "{count} 則回覆", "{count} 条回复"],
  ["last at {time}", "最後一則在 {time}", "最后一条在 {time}"],
  ["Tabs of the app", "應用程式的分頁", "应用的标签页"],
  ["Home", "首頁", "首页"],
  ["The app has published nothing yet.", "應用程式還沒有發布任何內容。", "应用还没有发布任何内容。"],
  ["Close the thread", "關閉討論串", "关闭消息列"],
  ["Slack's own Stop", "Slack 自己的停止", "Slack 自己的停止"],
  ["Stop the app", "停止應用程式", "停止应用"],
  ["Replying to {name}", "回覆 {name}", "回复 {name}"],
  ["Do not reply", "不要回覆", "不回复"],
  ["Fill in {field}.", "請填寫 {field}。", "请填写 {field}。"],
  ["Command {name}", "指令 {name}", "命令 {name}"],
  ["The thread begins here.", "討論串從這裡開始。", "子区从这里开始。"],
  ["{name} used", "{name} 使用了", "{name} 使用了"],
  ["{name} is thinking…", "{name} 正在思考…", "{name} 正在思考…"],
  ["{name} is typing…", "{name} 正在輸入…", "{name} 正在输入…"],
  ["Good answer", "好的回答", "好的回答"],
  ["Bad answer", "不好的回答", "不好的回答"],
  ["(a component of type {type})", "（類型 {type} 的元件）", "（类型 {type} 的组件）"],
  ["(a block of type {type})", "（類型 {type} 的區塊）", "（类型 {type} 的块）"],
  ["Spoiler, press to show", "隱藏內容，按下顯示", "隐藏内容，按下显示"],
  ["pending", "等待中", "等待中"],
  ["in_progress", "進行中", "进行中"],
  ["complete", "完成", "完成"],
  ["error", "錯誤", "错误"],
  // the wire
  ["Wire", "線路", "线路"],
  ["Close the wire", "關閉線路", "关闭线路"],
  ["from the platform to the service", "從平台到服務", "从平台到服务"],
  ["from the service to the platform", "從服務到平台", "从服务到平台"],
  ["from the service to the AI API", "從服務到 AI API", "从服务到 AI API"],
  ["note", "備註", "备注"],
  ["Events and calls, newest last", "事件與呼叫，最新的在最後", "事件与调用，最新的在最后"],
  ["Faults", "故障", "故障"],
  ["Kill the service now", "立刻終止服務", "立即终止服务"],
  ["Send the event twice", "把事件再送一次", "把事件再发一次"],
  ["Slack is slow", "Slack 變慢", "Slack 变慢"],
  ["Discord is slow", "Discord 變慢", "Discord 变慢"],
  ["API answers 429", "API 回答 429", "API 返回 429"],
  ["with the other platform", "包含另一個平台", "包含另一个平台"],
  ["of its own", "自己的", "自己的"],
  ["acknowledged", "已確認", "已确认"],
  ["not acknowledged", "未確認", "未确认"],
  ["try {number}", "第 {number} 次", "第 {number} 次"],
  ["the service ended with status {status}: see {log}", "服務以狀態 {status} 結束：請看 {log}", "服务以状态 {status} 结束：请看 {log}"],
  ["no manifest: see python -m bot manifest slack", "沒有資訊清單：請看 python -m bot manifest slack", "没有清单：请看 python -m bot manifest slack"],
  ["the service was killed (SIGKILL)", "服務已被終止（SIGKILL）", "服务已被终止（SIGKILL）"],
  ["the service starts again", "服務重新啟動", "服务重新启动"],
  ["the code changed: the service starts again", "程式碼有變動：服務重新啟動", "代码有改动：服务重新启动"],
  ["{event} was sent again", "已再送一次 {event}", "已再发一次 {event}"],
  ["the platforms are slow", "平台變慢了", "平台变慢了"],
  ["the platforms are as quick as before", "平台恢復原來的速度", "平台恢复原来的速度"],
  ["the AI API answers 429 for {seconds} s", "AI API 在 {seconds} 秒內回答 429", "AI API 在 {seconds} 秒内返回 429"],
  // the service, and what can't be done
  ["Service connected", "服務已連線", "服务已连接"],
  ["Service starting…", "服務啟動中…", "服务启动中…"],
  ["The service is not running", "服務沒有執行", "服务没有运行"],
  ["The page's server is away.", "頁面的伺服器不在。", "页面的服务器不在。"],
  ["The page's server answered {status}.", "頁面的伺服器回答 {status}。", "页面的服务器返回 {status}。"],
  ["The service does not answer; it may not have started.", "服務沒有回應，可能沒有啟動。", "服务没有响应，可能没有启动。"],
  ["The service has no pages. The reason: python -m bot cockpit", "服務沒有網頁。原因：python -m bot cockpit", "服务没有网页。原因：python -m bot cockpit"],
  ["The app is not connected.", "應用程式沒有連線。", "应用没有连接。"],
  ["The app did not respond within three seconds.", "應用程式沒有在三秒內回應。", "应用没有在三秒内响应。"],
  ["The application did not respond", "應用程式沒有回應", "应用没有响应"],
  ["The form was not taken: the app did not answer.", "表單沒有送出：應用程式沒有回答。", "表单没有提交：应用没有回答。"],
  ["A forum takes posts only; write in a channel or thread.", "論壇只接受貼文；請在頻道或討論串裡寫。", "论坛只接受帖子；请在频道或子区里写。"],
  ["This message is not for you alone.", "這則訊息不是只給你的。", "这条消息不是只给你的。"],
  ["This is somebody else's message.", "這是別人的訊息。", "这是别人的消息。"],
  ["This form is closed.", "這張表單已經關閉。", "这张表单已经关闭。"],
  ["This entry is too old.", "這筆太舊了。", "这条太旧了。"],
  ["This is no request of the page.", "這不是頁面的請求。", "这不是页面的请求。"],
  ["There is no such file.", "沒有這個檔案。", "没有这个文件。"],
  ["There is no such channel.", "沒有這個頻道。", "没有这个频道。"],
  ["There is no such message.", "沒有這則訊息。", "没有这条消息。"],
  ["There is no such person.", "沒有這個人。", "没有这个人。"],
  ["There is no such platform.", "沒有這個平台。", "没有这个平台。"],
  ["There is no such fault.", "沒有這種故障。", "没有这种故障。"],
  ["Nobody can {action} here.", "這裡沒有人能 {action}。", "这里没有人能 {action}。"],
  ["That can't be done any more: {reason}", "已經不能這樣做：{reason}", "已经不能这样做：{reason}"],
  ["Nothing was sent yet, or the service is not connected.", "還沒有送出任何事件，或服務沒有連線。", "还没有发出任何事件，或服务没有连接。"],
];

/** The language of a tag as browsers have it, such as zh-TW. */
function known(tag) {
  if (!/^zh\b/i.test(tag)) return "en";
  return /\b(hant|tw|hk|mo)\b/i.test(tag) ? "zh-Hant" : "zh-Hans";
}

const kept = localStorage.getItem(KEPT);
export const language = kept in LANGUAGES ? kept : known(navigator.language);
const at = Object.keys(LANGUAGES).indexOf(language);
const words = new Map(WORDS.map((one) => [one[0], one[at]]));

/** Words of the page in its language; those that it does not know stay as they are. */
export function t(english, values = {}) {
  return (words.get(english) ?? english).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? t(String(values[name])) : whole));
}

/** Show the page in another language. */
export function chooseLanguage(tag) {
  localStorage.setItem(KEPT, tag);
  location.reload();
}

/** Translate what is in the document: the text, or the attribute that `data-words` names. */
export function translatePage() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-words]")) {
    const name = one.dataset.words;
    if (name) one.setAttribute(name, t(one.getAttribute(name)));
    else one.textContent = t(one.textContent);
  }
}
