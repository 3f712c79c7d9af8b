import { expect, test } from "vitest";
import { OWNER } from "./harness/server.ts";
import { prepareStage, signIn } from "./harness/stage.ts";

const stage = prepareStage();

test("a person signs in and is led where they wanted to go", async () => {
  const { page } = await stage.visit({ stranger: true });
  await page.goto("/?view=all");
  await page.waitForURL("**/sign-in?next=**");
  await signIn(page);
  expect(new URL(page.url()).search).toBe("?view=all");
});

test("a wrong password is explained in the person's language", async () => {
  const { page, tolerate } = await stage.visit({ stranger: true, language: "de" });
  tolerate(/401/);
  await page.goto("/sign-in");
  await page.locator("input[name=email]").fill(OWNER.email);
  await page.locator("input[name=password]").fill("wrong");
  await page.locator("input[name=password]").press("Enter");
  await page.getByText("E-Mail-Adresse oder Passwort").waitFor();
});
