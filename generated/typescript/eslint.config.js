import eslint from "typescript-eslint";

export default eslint.config(
  { ignores: ["build", "dist", "src/gen", "test/agree.ts", "test/stranger", "eslint.config.js"] },
  ...eslint.configs.strictTypeChecked,
  ...eslint.configs.stylisticTypeChecked,
  { languageOptions: { parserOptions: { project: "./tsconfig.test.json", tsconfigRootDir: import.meta.dirname } } },
  {
    rules: {
      // numbers and bigints read well in templates
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // generics that carry a type from one place to another are used once
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      // the runner waits for its tests
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", name: ["test", "before", "after"], package: "node:test" }] },
      ],
      // a name that somebody else chose
      "@typescript-eslint/no-dynamic-delete": "off",
      // `return broken(…)` ends a check
      "@typescript-eslint/no-confusing-void-expression": "off",
    },
  },
);
