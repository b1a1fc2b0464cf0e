import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";

const HERE = import.meta.dirname;
const OUT = join(HERE, "../wearaffect/clinic/console/static");
const LOOSE = ["form.html", "index.html", "package-lock.json", "tsconfig.json", "vite.config.ts"];

function under(folder: string): string[] {
  return readdirSync(join(HERE, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(join(HERE, path)).isDirectory() ? under(path) : [path];
  });
}

// One line a file, as sha256sum prints it: so that a test can tell which file the page is older than.
function sourceSums(): Plugin {
  return {
    name: "source-sums",
    apply: "build",
    closeBundle() {
      const files = [...LOOSE, ...under("src")].sort();
      const lines = files.map((file) => {
        const sum = createHash("sha256").update(readFileSync(join(HERE, file))).digest("hex");
        return `${sum}  ${file}\n`;
      });
      writeFileSync(join(OUT, "sources.sha256"), lines.join(""));
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [sourceSums()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the page's policy allows no data: addresses
    modulePreload: { polyfill: false },
    rollupOptions: { input: { index: join(HERE, "index.html"), form: join(HERE, "form.html") } },
  },
});
