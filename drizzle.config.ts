import { defineConfig } from 'drizzle-kit';

/** `npm run db:generate` writes a new migration after the schema was changed; migrations are committed. */
export default defineConfig({
  dialect: 'sqlite',
  schema: './src-main/library/schema/index.ts',
  out: './src-main/library/migrations',
});
