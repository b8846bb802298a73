@echo off
rem Screens the ten stocks of the list asx_priority, or the stocks that the arguments
rem name, e.g. RUN_OVERNIGHT_PIPELINE.bat --universe us_tech
setlocal
set "LIST="
if "%~1"=="" set "LIST=--universe asx_priority"
call "%~dp0overnight.cmd" screen %LIST% %*
set "CODE=%errorlevel%"
echo.
if not "%CODE%"=="0" echo Exit code %CODE%: the reason is above; VERIFY_INSTALLATION.bat checks this machine.
echo Next: windows\overnight.cmd report --open shows the morning report.
pause
exit /b %CODE%
