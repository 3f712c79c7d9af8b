import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

export default {
  preprocess: vitePreprocess(),
  compilerOptions: {
    runes: true,
    // These names stand at every rule and every element, so short ones make the whole editor lighter.
    cssHash: ({ hash, css }) => `s${hash(css).slice(0, 5)}`,
  },
};
