import type { ModelFamily, ModelProposal } from '../../../src-shared/contract/models.ts';
import type { Architecture } from '../graphs/types.ts';

/*
 * A family is a network with the recipe that its makers publish for it.
 */

/** Files whose makers and others publish the SHA-256 of. */
const publishedFiles: Record<string, ModelFamily> = {
  ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912: 'sam-vit-b',
  '6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f': 'mobile-sam',
};

export type FamilyChoice = Pick<ModelProposal, 'families' | 'decidedBy'>;

/**
 * The families that a checkpoint can be. MedSAM and SAM ViT-B are one network with the same names and shapes: a known
 * file is told by its hash; else the name of the file is a hint that a person confirms, and without one MedSAM is
 * proposed. The recipe (what the network is given) depends on it, so it is never chosen in silence.
 */
export function familyChoice(
  architecture: Architecture,
  sha256: string,
  fileName: string,
): FamilyChoice {
  if (architecture !== 'sam-vit-b') return { families: [architecture], decidedBy: 'network' };
  const published = publishedFiles[sha256];
  if (published) return { families: [published], decidedBy: 'published-file' };
  const name = fileName.toLowerCase();
  if (/med[-_ ]?sam/.test(name))
    return { families: ['medsam-vit-b', 'sam-vit-b'], decidedBy: 'file-name' };
  if (/sam[-_ ]?vit[-_ ]?b/.test(name))
    return { families: ['sam-vit-b', 'medsam-vit-b'], decidedBy: 'file-name' };
  return { families: ['medsam-vit-b', 'sam-vit-b'], decidedBy: 'nothing' };
}
