ALTER TABLE `slice_masks` ADD `uncertain_rect_px` text;--> statement-breakpoint
ALTER TABLE `slice_masks` ADD `uncertain_levels` blob;