// The project of chapter 11, "Who is typing", in Chromium. Not among the tests until you have built it:
//
//   cargo build -p chat-app && node --test project_typing.mjs
//
// They look at `#typing`, a line of the room's page that says who is typing.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { atEnd, chatApp, launch, missing, openPage, startChat } from "./tools.mjs";

const skip = missing(chatApp);
let browser;
before(async () => {
  if (!skip) browser = await launch();
});
after(() => browser?.close());

/** A window in the room, with a nickname. */
async function enter(t, url, nickname, options) {
  const page = await openPage(t, browser, url, options);
  await page.goto(url);
  await page.getByLabel("New room").fill("tea");
  await page.getByRole("button", { name: "Add room" }).click();
  await page.getByRole("textbox", { name: "Choose a nickname" }).fill(nickname);
  await page.getByRole("button", { name: "Set nickname" }).click();
  await page.getByRole("textbox", { name: "Message as" }).waitFor();
  return page;
}

const typing = (page) => page.locator("#typing");
const says = (page, text) => typing(page).filter({ hasText: text }).waitFor();
const isQuiet = (page) => page.waitForFunction(() => document.getElementById("typing").textContent.trim() === "");

describe("who is typing", { skip, timeout: 120_000 }, () => {
  test("it is shown to the others until the message is there", async (t) => {
    const chat = await startChat([]);
    atEnd(t, () => chat.stop());
    const [ann, bob] = [await enter(t, chat.url, "Ann"), await enter(t, chat.url, "Bob")];
    assert.ok(await typing(bob).count(), "the page has no #typing");
    await isQuiet(bob);
    const field = ann.getByRole("textbox", { name: "Message as" });
    await field.pressSequentially("is it ready?");
    await says(bob, "Ann is typing");
    await isQuiet(ann);
    await field.press("Enter");
    await bob.getByText("is it ready?").waitFor();
    // At once, and not when Ann has been forgotten.
    assert.equal((await typing(bob).textContent()).trim(), "");
    // And the next message is as new as the first.
    await field.pressSequentially("well?");
    await says(bob, "Ann is typing");
  });

  test("a person who stops is forgotten, and a nickname is text", async (t) => {
    const chat = await startChat([]);
    atEnd(t, () => chat.stop());
    const name = "<b>Ann</b>";
    const [ann, bob] = [await enter(t, chat.url, name), await enter(t, chat.url, "Bob")];
    await ann.getByRole("textbox", { name: "Message as" }).pressSequentially("hm");
    await says(bob, `${name} is typing`);
    await isQuiet(bob);
  });

  test("a window that comes back has missed no message, and is not told of old typing", async (t) => {
    const chat = await startChat([]);
    atEnd(t, () => chat.stop());
    const [ann, bob] = [await enter(t, chat.url, "Ann"), await enter(t, chat.url, "Bob", { outage: true })];
    const field = ann.getByRole("textbox", { name: "Message as" });
    await field.pressSequentially("hm");
    await says(bob, "Ann is typing");
    await bob.evaluate(() => {
      window.heard = 0;
      socket.on("typing", () => (window.heard += 1));
    });
    await bob.context().setOffline(true);
    await bob.waitForFunction(() => !socket.connected);
    await field.press("Enter");
    await field.pressSequentially("and");
    await bob.context().setOffline(false);
    // The offset that came with the last event, and that was "typing", is what the server knows the window by.
    await bob.waitForFunction(() => socket.connected && socket.recovered);
    await bob.getByText("hm", { exact: true }).waitFor();
    assert.equal(await bob.locator(".bubble").count(), 1);
    assert.equal(await bob.evaluate(() => window.heard), 0);
  });

  test("two at once are named together", async (t) => {
    const chat = await startChat([]);
    atEnd(t, () => chat.stop());
    const [ann, bob, cy] = [await enter(t, chat.url, "Ann"), await enter(t, chat.url, "Bob"), await enter(t, chat.url, "Cy")];
    for (const page of [ann, bob]) await page.getByRole("textbox", { name: "Message as" }).pressSequentially("hm");
    await says(cy, "Ann and Bob are typing");
  });
});
