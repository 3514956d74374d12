// The lab as the page sees it: its events, and the actions that change something.

const RETRY = 5000; // ms until a refused page asks again
const HIDDEN = 10000; // ms after which a page in the background closes its connection
const token = document.querySelector("meta[name=lab-token]").content;

// Sends an action with the page's token and returns the answer. Throws an Error with one line for the user.
export async function act(action, body) {
  let response;
  try {
    response = await fetch(`/_lab/live/${action}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Lab-Token": token },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("the lab does not answer: start it with lab.start");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.status === 403) throw new Error(`${answer.error ?? "refused"}: reload the page`);
  if (!response.ok) throw new Error(answer.error ?? `HTTP ${response.status}`);
  return answer;
}

// Calls `changed(state, keys)` with the whole state and the names of the keys that changed, and `said(text)`
// with the state of the connection: "live", or why not.
export function follow(changed, said) {
  let state = null;
  let source = null;
  let timer = null;

  function open() {
    close();
    source = new EventSource("/_lab/live");
    source.addEventListener("snapshot", (event) => received(JSON.parse(event.data)));
    source.addEventListener("change", (event) => merged(JSON.parse(event.data)));
    source.addEventListener("error", failed);
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function received(snapshot) {
    if (state && state.lab.pid !== snapshot.lab.pid) return location.reload(); // another lab has another token
    state = snapshot;
    said("live");
    return changed(state, new Set([...Object.keys(state), "logs"]), true);
  }

  function merged(change) {
    const { logs = [], ...others } = change;
    state = { ...state, ...others, logs };
    changed(state, new Set(Object.keys(change)), false);
  }

  function failed() {
    if (source.readyState === EventSource.CONNECTING) {
      said(state ? "reconnecting: the lab has stopped or does not answer" : "connecting to the lab");
      return;
    }
    said("not connected: too many pages are open, close one");
    close();
    timer = setTimeout(open, RETRY);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) {
      if (!source) open();
      return;
    }
    timer = setTimeout(() => {
      close();
      said("paused while the page is in the background");
    }, HIDDEN);
  });
  open();
}
