CREATE TABLE `imports` (
	`id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`started_at` text NOT NULL,
	`seconds` real DEFAULT 0 NOT NULL,
	`process_id` integer NOT NULL,
	`heartbeat_at` text NOT NULL,
	`summary` text
);
--> statement-breakpoint
CREATE INDEX `imports_started_at` ON `imports` (`started_at`);--> statement-breakpoint
CREATE INDEX `imports_state` ON `imports` (`state`);--> statement-breakpoint
CREATE TABLE `loose_files` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`path` text NOT NULL,
	`import_id` text
);
--> statement-breakpoint
CREATE INDEX `loose_files_path` ON `loose_files` (`path`);--> statement-breakpoint
CREATE INDEX `loose_files_import` ON `loose_files` (`import_id`);--> statement-breakpoint
CREATE TABLE `patients` (
	`id` text PRIMARY KEY NOT NULL,
	`identity` text NOT NULL,
	`name` text NOT NULL,
	`code` text NOT NULL,
	`birth_date` text,
	`sex` text NOT NULL,
	`is_sample` integer DEFAULT false NOT NULL,
	`created_at` text NOT NULL,
	`study_count` integer DEFAULT 0 NOT NULL,
	`series_count` integer DEFAULT 0 NOT NULL,
	`modalities` text DEFAULT '[]' NOT NULL,
	`latest_study_date` text,
	`imported_at` text NOT NULL,
	`stored_bytes` integer DEFAULT 0 NOT NULL,
	`search_text` text DEFAULT '' NOT NULL,
	`sort_name` text DEFAULT '' NOT NULL
);
--> statement-breakpoint
CREATE INDEX `patients_identity` ON `patients` (`identity`);--> statement-breakpoint
CREATE INDEX `patients_sort_name` ON `patients` (`sort_name`);--> statement-breakpoint
CREATE INDEX `patients_code` ON `patients` (`code`);--> statement-breakpoint
CREATE INDEX `patients_latest_study_date` ON `patients` (`latest_study_date`);--> statement-breakpoint
CREATE INDEX `patients_imported_at` ON `patients` (`imported_at`);--> statement-breakpoint
CREATE INDEX `patients_stored_bytes` ON `patients` (`stored_bytes`);--> statement-breakpoint
CREATE TABLE `studies` (
	`id` text PRIMARY KEY NOT NULL,
	`patient_id` text NOT NULL,
	`uid` text NOT NULL,
	`date` text,
	`description` text NOT NULL,
	`accession_number` text NOT NULL,
	FOREIGN KEY (`patient_id`) REFERENCES `patients`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `studies_patient_uid` ON `studies` (`patient_id`,`uid`);--> statement-breakpoint
CREATE TABLE `edits` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`series_id` text NOT NULL,
	`label` text NOT NULL,
	`diff` text NOT NULL,
	`state` text NOT NULL,
	`reader` text NOT NULL,
	`created_at` text NOT NULL,
	FOREIGN KEY (`series_id`) REFERENCES `series`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `edits_series` ON `edits` (`series_id`,`state`);--> statement-breakpoint
CREATE TABLE `lesions` (
	`id` text PRIMARY KEY NOT NULL,
	`patient_id` text NOT NULL,
	`name` text NOT NULL,
	`colour` text NOT NULL,
	`created_at` text NOT NULL,
	FOREIGN KEY (`patient_id`) REFERENCES `patients`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `lesions_patient` ON `lesions` (`patient_id`);--> statement-breakpoint
CREATE TABLE `segments` (
	`id` text PRIMARY KEY NOT NULL,
	`series_id` text NOT NULL,
	`lesion_id` text NOT NULL,
	`name` text NOT NULL,
	`colour` text NOT NULL,
	`position` integer NOT NULL,
	`live` integer DEFAULT true NOT NULL,
	`created_at` text NOT NULL,
	FOREIGN KEY (`series_id`) REFERENCES `series`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`lesion_id`) REFERENCES `lesions`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `segments_series` ON `segments` (`series_id`,`live`);--> statement-breakpoint
CREATE INDEX `segments_lesion` ON `segments` (`lesion_id`);--> statement-breakpoint
CREATE TABLE `series_revisions` (
	`series_id` text PRIMARY KEY NOT NULL,
	`revision` integer NOT NULL,
	FOREIGN KEY (`series_id`) REFERENCES `series`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `slice_masks` (
	`id` text PRIMARY KEY NOT NULL,
	`segment_id` text NOT NULL,
	`axis` text NOT NULL,
	`slice_index` integer NOT NULL,
	`box_px` text NOT NULL,
	`request` text NOT NULL,
	`state` text NOT NULL,
	`error` text,
	`origin_x` integer DEFAULT 0 NOT NULL,
	`origin_y` integer DEFAULT 0 NOT NULL,
	`size_x` integer DEFAULT 0 NOT NULL,
	`size_y` integer DEFAULT 0 NOT NULL,
	`area_px` integer DEFAULT 0 NOT NULL,
	`bits` blob,
	`provenance` text,
	`live` integer DEFAULT true NOT NULL,
	`created_at` text NOT NULL,
	FOREIGN KEY (`segment_id`) REFERENCES `segments`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `slice_masks_segment` ON `slice_masks` (`segment_id`,`live`);--> statement-breakpoint
CREATE INDEX `slice_masks_state` ON `slice_masks` (`state`);--> statement-breakpoint
CREATE TABLE `series` (
	`id` text PRIMARY KEY NOT NULL,
	`study_id` text NOT NULL,
	`uid` text NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`modality` text NOT NULL,
	`number` integer,
	`description` text NOT NULL,
	`body_part` text NOT NULL,
	`frame_of_reference_uid` text,
	`kind` text NOT NULL,
	`geometry` text NOT NULL,
	`has_spacing` integer NOT NULL,
	`measurable` integer NOT NULL,
	`channels` integer NOT NULL,
	`data_type` text NOT NULL,
	`value_min` real NOT NULL,
	`value_max` real NOT NULL,
	`percentile_low` real NOT NULL,
	`percentile_high` real NOT NULL,
	`windows` text NOT NULL,
	`value_unit` text NOT NULL,
	`issues` text NOT NULL,
	`source_format` text NOT NULL,
	`file_count` integer NOT NULL,
	`original_bytes` integer NOT NULL,
	`volume_bytes` integer NOT NULL,
	`volume_crc32` integer NOT NULL,
	`imported_at` text NOT NULL,
	FOREIGN KEY (`study_id`) REFERENCES `studies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `series_uid_version` ON `series` (`uid`,`version`);--> statement-breakpoint
CREATE INDEX `series_study` ON `series` (`study_id`);--> statement-breakpoint
CREATE TABLE `series_files` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`series_id` text NOT NULL,
	`position` integer NOT NULL,
	`sha256` text NOT NULL,
	`bytes` integer NOT NULL,
	`shown_path` text NOT NULL,
	`relative_path` text NOT NULL,
	FOREIGN KEY (`series_id`) REFERENCES `series`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `series_files_position` ON `series_files` (`series_id`,`position`);--> statement-breakpoint
CREATE INDEX `series_files_sha256` ON `series_files` (`sha256`);--> statement-breakpoint
CREATE TABLE `series_plans` (
	`series_id` text PRIMARY KEY NOT NULL,
	`plan` text NOT NULL,
	FOREIGN KEY (`series_id`) REFERENCES `series`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `settings` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
