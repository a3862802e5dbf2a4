/** Names of the few messages that are not in the contract: how to get its port, and native dialogs. */
export const channels = {
  connect: 'workstation:connect',
  port: 'workstation:port',
  chooseFiles: 'workstation:choose-files',
  menu: 'workstation:menu',
} as const;
